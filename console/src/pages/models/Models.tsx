import { Plus } from "lucide-react";
import { useState } from "react";

import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Page } from "../../components/Page";
import { Tabs } from "../../components/Tabs";
import { Found } from "./Found";
import { NewModelDialog } from "./NewModelDialog";
import { Registered } from "./Registered";

/** What can answer: models that are registered, and those that could be. */
export default function Models() {
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const tabs = [{ id: "registered", title: "Registered", content: <Registered /> }];
  if (may("model.probe")) tabs.push({ id: "found", title: "Ask providers", content: <Found /> });
  return (
    <Page
      title="Models"
      lead="What can answer, with what it can do and costs. Policies decide who may use it with what."
      actions={
        may("model.add") && (
          <Button kind="primary" icon={Plus} onPress={() => setOpen(true)}>
            Register model
          </Button>
        )
      }
    >
      <Tabs label="Models" tabs={tabs} />
      {isOpen && <NewModelDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
