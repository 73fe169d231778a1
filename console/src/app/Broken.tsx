import { Component, type ReactNode } from "react";

import { Button } from "../components/Button";
import { Empty } from "../components/Empty";

/** Keeps a page that breaks from taking the navigation with it. */
export class Broken extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <Empty title="This page broke">
        <p>
          Its script could not be loaded, or has a fault. If the server was updated a moment ago, loading the page again
          is enough.
        </p>
        <Button kind="primary" onPress={() => window.location.reload()}>
          Load again
        </Button>
      </Empty>
    );
  }
}
