import "./dlp.css";

import { ScanText } from "lucide-react";
import { useState, type FormEvent } from "react";

import { call } from "../../api/client";
import { Refused } from "../../api/refusal";
import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ErrorBox } from "../../components/ErrorBox";
import { Page } from "../../components/Page";
import { TextField } from "../../components/TextField";
import { Findings } from "./Findings";

interface Scan {
  text: string;
  found: Schemas["Scanned"];
}

/**
 * What the engine finds in a text. The text is in the state of this page alone: not in the address, not in the cache of
 * answers, and gone with the page.
 */
export default function Dlp() {
  const [text, setText] = useState("");
  const [kinds, setKinds] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [scan, setScan] = useState<Scan | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);

  async function look(event: FormEvent) {
    event.preventDefault();
    if (isBusy || text === "") return;
    setBusy(true);
    const wanted = kinds.split(/[\s,]+/).filter(Boolean);
    try {
      const found = await call("post", "/api/v1/dlp/scan", {
        body: { text, ...(wanted.length > 0 && { kinds: wanted }) },
      });
      setScan({ text, found });
      setRefused(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setScan(null);
      setRefused(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Page title="DLP try-out" lead="What is found in a text, as it would be in a request, and the label that it gets.">
      <div className="dlp">
        <form className="panel dlp-form" onSubmit={(event) => void look(event)} autoComplete="off">
          <TextField
            label="Text"
            rows={14}
            isRequired
            value={text}
            onChange={setText}
            spellCheck="false"
            autoComplete="off"
            placeholder="Paste a prompt, a document or a log here."
            description="It is searched and forgotten. The audit record has its SHA-256 and how many of each kind were found."
          />
          <TextField
            label="Only these kinds"
            value={kinds}
            onChange={setKinds}
            placeholder="email, payment"
            description="Kinds or families; everything where empty."
          />
          <div className="dlp-buttons">
            <Button kind="primary" type="submit" icon={ScanText} isBusy={isBusy} isDisabled={text === ""}>
              Search
            </Button>
            <Button
              isDisabled={text === "" && scan === null}
              onPress={() => {
                setText("");
                setScan(null);
                setRefused(null);
              }}
            >
              Clear
            </Button>
          </div>
        </form>
        <div className="dlp-found" aria-live="polite">
          {refused && <ErrorBox error={refused} />}
          {scan && <Findings text={scan.text} found={scan.found} isOld={scan.text !== text} />}
          {!scan && !refused && (
            <div className="panel">
              <Empty title="Nothing is searched yet">
                <p>
                  Findings are marked in the text, each with its kind, its label, and the points that make its score.
                </p>
              </Empty>
            </div>
          )}
        </div>
      </div>
    </Page>
  );
}
