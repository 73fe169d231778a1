import { FileUp } from "lucide-react";
import { useState } from "react";
import { DropZone, FileTrigger, Text, type DropZoneProps } from "react-aria-components";

import { Button } from "../../components/Button";
import { compact } from "../../format/number";

type DropEvent = Parameters<NonNullable<DropZoneProps["onDrop"]>>[0];

interface BillFileProps {
  name: string | undefined;
  onRead: (file: { name: string; text: string }) => void;
}

/** The longest export that the server reads. */
const BYTES_MAX = 8 * 1024 * 1024;

/** Takes the file that a provider gave, by a button or dropped. It stays in this page until it is compared. */
export function BillFile({ name, onRead }: BillFileProps) {
  const [refused, setRefused] = useState("");

  async function read(file: File) {
    if (file.size > BYTES_MAX) {
      setRefused(
        `${file.name} has ${compact(file.size)} bytes, and ${compact(BYTES_MAX)} are read: export fewer days.`,
      );
      return;
    }
    setRefused("");
    onRead({ name: file.name, text: await file.text() });
  }

  async function drop({ items }: DropEvent) {
    const [first] = items;
    if (first?.kind === "file") await read(await first.getFile());
  }

  return (
    <DropZone className="drop" onDrop={(event) => void drop(event)}>
      <Text slot="label">{name ?? "A provider's usage export"}</Text>
      <FileTrigger
        acceptedFileTypes={[".csv", ".json", "text/csv", "application/json"]}
        onSelect={(files) => {
          const [first] = files ?? [];
          if (first) void read(first);
        }}
      >
        <Button icon={FileUp}>{name ? "Choose another file" : "Choose a file"}</Button>
      </FileTrigger>
      <p role="status">
        {refused ||
          "Pages of OpenAI's /v1/organization/usage/completions or of Anthropic's usage_report/messages as JSON, or the CSV export of either's console."}
      </p>
    </DropZone>
  );
}
