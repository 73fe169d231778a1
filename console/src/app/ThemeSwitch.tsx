import { Monitor, Moon, Sun } from "lucide-react";

import { IconButton } from "../components/Button";
import { useTheme, type Theme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** Goes from the system's theme to light to dark and back. */
export function ThemeSwitch() {
  const [theme, choose] = useTheme();
  return (
    <IconButton
      icon={ICONS[theme]}
      label={`Theme: ${theme}. Switch to ${NEXT[theme]}`}
      onPress={() => choose(NEXT[theme])}
    />
  );
}
