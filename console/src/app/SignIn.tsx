import { KeyRound } from "lucide-react";
import { useState, type FormEvent } from "react";

import { Refused } from "../api/refusal";
import { useSignIn, useWasEnded } from "../api/session";
import { Button } from "../components/Button";
import { ErrorBox } from "../components/ErrorBox";
import { TextField } from "../components/TextField";
import { Logo } from "./Logo";
import { ThemeSwitch } from "./ThemeSwitch";

/** What to do about a token that the server does not know, by hand rather than by a program. */
function unknownToken(): Refused {
  return new Refused(401, {
    code: "unauthenticated",
    message: "this token is not known",
    fix: "copy all of it, `ora_` included; one that was removed is replaced by an administrator under People, or by `orchestack person add` on the server's machine",
  });
}

/** The way in: an admin token, for which the server gives a session. The token itself is not kept. */
export function SignIn() {
  const signIn = useSignIn();
  const wasEnded = useWasEnded();
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await signIn(token.trim());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error.isSignedOut ? unknownToken() : error);
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <title>Sign in · Orchestack</title>
      <div className="sign-in-corner">
        <ThemeSwitch />
      </div>
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <Logo />
        <h1>Sign in to Orchestack</h1>
        {wasEnded && !refused && <p role="status">Your session is over: its time was up, or it was ended elsewhere.</p>}
        <TextField
          label="Admin token"
          type="password"
          autoComplete="current-password"
          autoFocus
          isRequired
          value={token}
          onChange={setToken}
          description={
            <>
              The first start of the server printed one; <code>orchestack person add</code> makes others.
            </>
          }
        />
        {refused && <ErrorBox error={refused} />}
        <Button kind="primary" type="submit" isBusy={busy} isDisabled={token.trim() === ""} icon={KeyRound}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
