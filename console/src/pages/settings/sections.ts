// Settings by the section of the file that they stand in.

import type { Schemas } from "../../api/paths";

export type Setting = Schemas["SettingView"];

export interface SettingSection {
  name: string;
  settings: Setting[];
}

/** Whether somebody chose it. */
export function isChosen({ origin }: Setting): boolean {
  return origin !== "default";
}

/** Settings with the words in name, value, origin or help; those of one section stay together, chosen ones first. */
export function sectionsOf(settings: Setting[], words: string): SettingSection[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = settings.filter(({ key, value, origin, help }) => {
    const text = [key, value, origin, help].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const names = [...new Set(found.map(({ key }) => sectionOf(key)))];
  return names.map((name) => {
    const own = found.filter(({ key }) => sectionOf(key) === name);
    return { name, settings: [...own.filter(isChosen), ...own.filter((setting) => !isChosen(setting))] };
  });
}

/** What follows the section in a setting's name. */
export function nameIn(section: string, key: string): string {
  return key === section ? key : key.slice(section.length + 1);
}

function sectionOf(key: string): string {
  return key.split(".", 1)[0] ?? key;
}
