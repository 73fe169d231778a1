import { lazy, Suspense } from "react";

import { SessionContext, useSavedSession } from "../api/session";
import { ErrorBox } from "../components/ErrorBox";
import { Notices } from "../components/Notices";
import { SignIn } from "./SignIn";

// Fetched beside the question who is signed in, and not needed to sign in.
const shell = import("./Shell");
const Shell = lazy(() => shell);

const SPLASH = <div className="splash" role="progressbar" aria-label="Loading" />;

/** The pages for who is signed in, and the way in for everybody else. */
export function App() {
  const saved = useSavedSession();
  if (saved.isPending) return SPLASH;
  if (saved.isError) {
    return (
      <main className="sign-in">
        <ErrorBox error={saved.error} retry={() => void saved.refetch()} />
      </main>
    );
  }
  if (!saved.data) return <SignIn />;
  return (
    <SessionContext value={saved.data}>
      <Notices>
        <Suspense fallback={SPLASH}>
          <Shell />
        </Suspense>
      </Notices>
    </SessionContext>
  );
}
