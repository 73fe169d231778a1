// Whether this browser was once led to the first steps: it is done once, and they are a link afterwards.

const STORED = "orchestack-start";

export function wasLed(): boolean {
  try {
    return localStorage.getItem(STORED) !== null;
  } catch {
    // Without storage nobody could get away from the first steps.
    return true;
  }
}

export function rememberLed(): void {
  try {
    localStorage.setItem(STORED, "seen");
  } catch {
    // Then `wasLed` says so anyway.
  }
}
