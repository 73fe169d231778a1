import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/layout.css";
import "./styles/table.css";
import "./styles/chart.css";
import "./styles/story.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { I18nProvider } from "react-aria-components";
import { createRoot } from "react-dom/client";

import { queryClient } from "./api/hooks";
import { App } from "./app/App";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element for the page");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient()}>
      <I18nProvider locale="en-US">
        <App />
      </I18nProvider>
    </QueryClientProvider>
  </StrictMode>,
);
