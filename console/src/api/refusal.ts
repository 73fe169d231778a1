// Why the server did not do something, in its own words.

import type { Schemas } from "./paths";

/** A refusal: what happened, what to do about it, and the question to people where one must be answered first. */
export class Refused extends Error {
  constructor(
    /** The status of the response; 0 where there was none. */
    readonly status: number,
    readonly fault: Schemas["Fault"],
  ) {
    super(fault.message);
    this.name = "Refused";
  }

  get isSignedOut(): boolean {
    return this.status === 401;
  }

  /** Whether the same request may succeed a moment later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 502;
  }
}

export function unreachable(): Refused {
  return new Refused(0, {
    code: "unreachable",
    message: "the server does not answer",
    fix: "check that it runs and that this machine reaches it, then try again",
  });
}

/** Reads a response that is no success. A proxy in between may have answered with something else than JSON. */
export async function refusalOf(response: Response): Promise<Refused> {
  const body: unknown = await response.json().catch(() => null);
  if (isRefusal(body)) return new Refused(response.status, body.error);
  return new Refused(response.status, {
    code: "failed",
    message: `the server answered with status ${response.status}`,
    fix: "try again; if it stays so, the server's log says more",
  });
}

function isRefusal(body: unknown): body is Schemas["Refusal"] {
  const error = (body as { error?: { message?: unknown; fix?: unknown } } | null)?.error;
  return typeof error?.message === "string" && typeof error.fix === "string";
}
