import { expect, test } from "vitest";

import { nameIn, sectionsOf } from "./sections";

const setting = (key: string, origin = "default", value: string | null = null) => ({ key, origin, value, help: "" });

test("settings stand by section, chosen ones first", () => {
  const sections = sectionsOf([setting("a.x"), setting("b"), setting("a.y.z", "orchestack.toml:3", "1")], "");
  expect(sections.map(({ name, settings }) => [name, settings.map(({ key }) => key)])).toEqual([
    ["a", ["a.y.z", "a.x"]],
    ["b", ["b"]],
  ]);
  expect([nameIn("a", "a.y.z"), nameIn("b", "b")]).toEqual(["y.z", "b"]);
});

test("a search looks at each word everywhere", () => {
  const settings = [setting("gateway.listen", "GATEWAY_LISTEN", "8080"), setting("admin.listen")];
  expect(sectionsOf(settings, "listen 8080").map(({ name }) => name)).toEqual(["gateway"]);
  expect(sectionsOf(settings, "nothing")).toEqual([]);
});
