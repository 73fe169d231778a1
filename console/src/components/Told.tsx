import { sentence } from "../format/text";

/** A text of the server as a sentence; what stands in backticks is what somebody wrote, and shown as code. */
export function Told({ text }: { text: string }) {
  return (
    <>
      {sentence(text)
        .split("`")
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}
