"use strict";
(() => {
  // src/widget.ts
  (() => {
    let script = document.currentScript;
    if (!script?.src) return;
    let origin = new URL(script.src).origin, label = script.dataset.label ?? "Chat", agent = script.dataset.agent, host = document.createElement("div"), shadow = host.attachShadow({ mode: "open" }), frame = document.createElement("iframe"), button = document.createElement("button"), style = (node, rules) => {
      for (let [name, value] of Object.entries(rules)) node.style.setProperty(name, value);
    };
    style(host, { position: "fixed", right: "16px", bottom: "16px", "z-index": "2147483000" }), style(button, {
      font: "600 16px system-ui, sans-serif",
      padding: "12px 20px",
      border: "0",
      "border-radius": "24px",
      background: "#1f4fd8",
      color: "#fff",
      cursor: "pointer",
      "box-shadow": "0 2px 12px rgb(0 0 0 / 25%)"
    }), style(frame, {
      display: "none",
      position: "fixed",
      right: "16px",
      bottom: "76px",
      width: "min(400px, calc(100vw - 32px))",
      height: "min(640px, calc(100vh - 108px))",
      border: "1px solid rgb(0 0 0 / 20%)",
      "border-radius": "12px",
      "box-shadow": "0 8px 40px rgb(0 0 0 / 25%)",
      "color-scheme": "light dark"
    }), frame.title = label, frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox"), frame.referrerPolicy = "no-referrer", button.type = "button", button.textContent = label, button.setAttribute("aria-expanded", "false");
    let show = (open) => {
      if (open && !frame.src) {
        let query = agent ? `?${new URLSearchParams({ agent })}` : "";
        frame.src = `${origin}/embed${query}`;
      }
      style(frame, { display: open ? "block" : "none" }), button.setAttribute("aria-expanded", String(open)), open || button.focus();
    };
    button.onclick = () => show(button.getAttribute("aria-expanded") !== "true"), addEventListener("message", (event) => {
      event.origin === origin && event.source === frame.contentWindow && event.data?.orchestack === "close" && show(!1);
    }), shadow.append(frame, button), document.body.append(host);
  })();
})();
