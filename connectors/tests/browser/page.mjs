// The page and the widget, as people use them. Arguments: the page, the stage that moves the agent, a person's
// token, and a folder for pictures.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [, , url, stage, token, pictures] = process.argv;
const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const wait = { timeout: 60_000 };

const act = async (what, more = {}) => {
  const answer = await fetch(`${stage}/act`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ do: what, ...more }),
  });
  assert.equal(answer.status, 200, `the stage cannot ${what}`);
  return answer.json();
};

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

// A browser of its own, that tells of errors and of every request that leaves.
const visit = async (options = {}, before = async () => {}) => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, ...options });
  context.setDefaultTimeout(wait.timeout);
  const page = await context.newPage();
  const seen = { errors: [], strangers: [] };
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (line) => {
    // A server that is away is told there as well.
    if (line.type() === "error" && !/WebSocket|Failed to load resource|net::ERR/.test(line.text())) seen.errors.push(line.text());
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && ![url, stage].includes(origin)) seen.strangers.push(request.url());
  });
  await before(page);
  return { context, page, seen };
};

const open = async (options, before) => {
  const visited = await visit(options, before);
  await visited.page.goto(`${url}/?agent=default`);
  await visited.page.locator("#state[data-state=open]").waitFor(wait);
  return visited;
};

const leave = async ({ context, seen }) => {
  assert.deepEqual(seen.errors, []);
  assert.deepEqual(seen.strangers, []);
  await context.close();
};

const ask = async (page, text) => {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
  const own = page.locator("article.user", { hasText: text }).last();
  await own.waitFor(wait);
  return own;
};

const kept = (page, text) =>
  page.locator("article.user[data-no]:not(.pending)", { hasText: text }).last().waitFor(wait);

// Whether somebody hears is no promise: it is whispered until it is seen.
const whisper = async (page, offset, text, shown) => {
  const seen = page.locator("article.assistant[aria-busy=true]", { hasText: shown });
  for (let n = 0; n < 200; n += 1) {
    await act("delta", { offset, text });
    if (await seen.waitFor({ timeout: 300 }).then(() => true, () => false)) return;
  }
  assert.fail(`nothing of the answer was seen as it was written: ${await page.locator("#log").innerText()}`);
};

const numbers = (page) =>
  page.locator("#log [data-no]").evaluateAll((nodes) => nodes.map((node) => Number(node.dataset.no)));

const signIn = async (page) => {
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Token").fill(token);
  await page.getByLabel("Token").press("Enter");
  await page.getByRole("button", { name: "Sign out anna" }).waitFor(wait);
};

const focused = (page, id) => page.waitForFunction((id) => document.activeElement?.id === id, id, wait);

// Nobody is shut out, and nothing is wider than the page.
const readable = async (page, where) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  const told = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(told, [], where);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${where}: the page is ${wide} pixels too wide`);
};

const scenarios = {
  "asks and reads as it is written": async () => {
    const visited = await open();
    const { page } = visited;
    await ask(page, "Good morning?");
    await kept(page, "Good morning?");
    await act("claim");
    await whisper(page, 0, "Good **mor", "Good");
    // A runner that does not count its characters says one piece after the other.
    await act("delta", { text: "ning, " });
    await act("delta", { text: "you" });
    await page.locator("article.assistant[aria-busy=true]", { hasText: "Good **morning, you" }).waitFor(wait);
    await page.screenshot({ path: `${pictures}/streaming.png` });
    await act("answer", { text: "Good **morning**.\n\n- one\n- two\n\n```\nls -l\n```" });
    const answer = page.locator("article.assistant[data-no='2']");
    await answer.waitFor(wait);
    assert.equal(await page.locator("article.assistant").count(), 1);
    assert.equal(await answer.locator("strong").innerText(), "morning");
    assert.equal(await answer.locator("li").count(), 2);
    assert.equal(await answer.locator("pre code").innerText(), "ls -l");
    // The page is opened again: everything is there once more, and once.
    await page.reload();
    await answer.waitFor(wait);
    assert.deepEqual(await numbers(page), [1, 2]);
    await leave(visited);
  },

  "goes on after the server was away": async () => {
    const visited = await open();
    const { page } = visited;
    await ask(page, "A long story?");
    await kept(page, "A long story?");
    await act("claim");
    await whisper(page, 0, "Once upon", "Once upon");
    await act("end");
    await page.locator("#state[data-state=waiting], #state[data-state=connecting]").first().waitFor(wait);
    // While it is away the answer is finished, and the person goes on writing.
    await act("answer", { text: "Once upon a time." });
    const own = await ask(page, "And then?");
    assert.ok((await own.getAttribute("class")).includes("pending"));
    await act("begin");
    await page.locator("#state[data-state=open]").waitFor(wait);
    await page.locator("article.assistant[data-no='2']", { hasText: "Once upon a time." }).waitFor(wait);
    await kept(page, "And then?");
    await act("claim");
    await act("answer", { text: "They lived happily." });
    await page.locator("article.assistant[data-no='4']").waitFor(wait);
    assert.deepEqual(await numbers(page), [1, 2, 3, 4]);
    assert.equal(await page.locator("article").count(), 4);
    await leave(visited);
  },

  "shows hostile text as text": async () => {
    const visited = await open();
    const { page } = visited;
    const hostile = [
      "<img src=x onerror=\"window.caught = 1\"><script>window.caught = 2</script>",
      "[click](javascript:window.caught=3) ![pixel](http://evil.example/pixel.png)",
      "[https://bank.example](https://evil.example/login) <a href='http://evil.example'>x</a>",
      "<svg/onload=window.caught=4> <iframe src=http://evil.example></iframe> </article><h1>Fake</h1>",
      "```\n<script>window.caught = 5</script>\n```",
    ].join("\n");
    await ask(page, hostile);
    await kept(page, "onerror");
    await act("claim");
    await whisper(page, 0, hostile, "onerror");
    await act("answer", { text: hostile });
    const answer = page.locator("article.assistant[data-no='2']");
    await answer.waitFor(wait);
    const found = await page.locator("#log").evaluate((log) => ({
      bad: [...log.querySelectorAll("img,script,svg,iframe,object,embed,form,style,h1")].length,
      links: [...log.querySelectorAll("a")].map((link) => [link.href, link.textContent, link.rel, link.target]),
      caught: window.caught ?? null,
    }));
    assert.equal(found.bad, 0);
    assert.equal(found.caught, null);
    const expected = ["https://evil.example/login", "https://bank.example", "noopener noreferrer nofollow", "_blank"];
    assert.ok(found.links.some((link) => JSON.stringify(link) === JSON.stringify(expected)), JSON.stringify(found.links));
    assert.ok(found.links.every(([href]) => /^https?:/.test(href)));
    // A link says where it leads.
    assert.ok((await answer.innerText()).includes("https://bank.example (evil.example)"));
    await page.screenshot({ path: `${pictures}/hostile.png` });
    await leave(visited);
  },

  "decides a question": async () => {
    const visited = await open();
    const { page } = visited;
    await ask(page, "Clean up, please.");
    await kept(page, "Clean up");
    await act("claim");
    const asked = { argv: ["rm", "-r", "build\u202egnp.exe"], cwd: "/work", note: "<b>bold</b>" };
    const { approval } = await act("ask people", { tool: "shell.exec", arguments: asked });
    const card = page.locator(`.card[data-approval='${approval}']`);
    await card.waitFor(wait);
    const exact = await card.locator("pre").innerText();
    // What turns text around is shown, not obeyed.
    assert.equal(exact, JSON.stringify(asked, null, 2).replace("\u202e", "\\u{202e}"));
    await card.getByRole("button", { name: "Sign in to decide" }).click();
    await page.getByLabel("Token").fill("ora_wrong");
    await page.getByLabel("Token").press("Enter");
    await page.locator("#door-error", { hasText: "unknown" }).waitFor(wait);
    await page.getByLabel("Token").fill(token);
    await page.getByLabel("Token").press("Enter");
    await page.getByRole("button", { name: "Sign out anna" }).waitFor(wait);
    await card.getByRole("button", { name: "Approve" }).waitFor(wait);
    await page.screenshot({ path: `${pictures}/approval.png` });
    assert.deepEqual(await act("votes"), []);
    await card.getByLabel("Reason").fill("looked at it");
    // By the keyboard alone.
    await card.getByLabel("Reason").press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await card.locator(".status", { hasText: "Approved" }).waitFor(wait);
    assert.equal(await card.getByRole("button").count(), 0);
    assert.deepEqual(await act("votes"), [[approval, { approve: true, reason: "looked at it" }]]);
    // Nothing that a script could take is left in the browser.
    const stored = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
    assert.equal(stored, JSON.stringify(["", {}, {}]));
    await leave(visited);
  },

  "offers a code that pairs an account": async () => {
    const visited = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    const { context, page } = visited;
    const offer = page.getByRole("button", { name: "Pair an account" });
    const dialog = page.getByRole("dialog", { name: "Pair an account" });
    const code = dialog.getByLabel("Code", { exact: true });
    const told = dialog.getByRole("status");
    const left = dialog.getByRole("timer");
    const answers = (answer) => page.route("**/api/pairing", answer, { times: 1 });
    assert.equal(await offer.count(), 0, "a stranger is offered nothing");
    await signIn(page);

    // By the keyboard alone.
    await page.locator("#new").focus();
    await page.keyboard.press("Tab");
    const [answer] = await Promise.all([page.waitForResponse("**/api/pairing"), page.keyboard.press("Enter")]);
    assert.equal(answer.status(), 201);
    const made = await answer.json();
    await code.waitFor(wait);
    assert.match(made.code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal(await code.inputValue(), made.code);
    await focused(page, "pairing-code");
    assert.match(await dialog.locator("#pairing-how").innerText(), /^Within 10 minutes, send this code to an agent /);
    // It counts down, and nothing of that is read aloud.
    assert.match(await left.innerText(), /^Valid for (10:00|9:\d\d)$/);
    await page.evaluate(() => {
      globalThis.said = 0;
      const seen = new MutationObserver((changes) => (globalThis.said += changes.length));
      for (const live of document.querySelectorAll("#pairing :is([role=status], [role=alert], [aria-live])")) {
        seen.observe(live, { childList: true, characterData: true, subtree: true });
      }
    });
    const before = await left.innerText();
    await page.waitForFunction((text) => document.querySelector("[role=timer]").textContent !== text, before, wait);
    assert.equal(await page.evaluate(() => globalThis.said), 0);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await told.filter({ hasText: "Copied." }).waitFor(wait);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), made.code);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden", ...wait });
    await focused(page, "pair");
    // Nothing is left of the code.
    await page.waitForFunction(() => document.getElementById("pairing-code").value === "", null, wait);

    // A code that expires is gone, and there is another one.
    await answers((route) => route.fulfill({ status: 201, json: { code: "AB12-CD34", seconds: 5 } }));
    await page.keyboard.press("Enter");
    await told.filter({ hasText: "Less than a minute is left." }).waitFor(wait);
    assert.equal(await code.inputValue(), "AB12-CD34");
    await told.filter({ hasText: "This code has expired." }).waitFor(wait);
    assert.deepEqual([await code.isVisible(), await code.inputValue()], [false, ""]);
    await focused(page, "pairing-again");
    await page.screenshot({ path: `${pictures}/pairing-expired.png` });
    await page.keyboard.press("Enter");
    await code.waitFor(wait);
    assert.notEqual(await code.inputValue(), made.code);
    await dialog.getByRole("button", { name: "Close" }).click();

    // What goes wrong is told in words.
    const limited = { code: "rate_limited", message: "that was too fast", fix: "wait", retry_after_ms: 4_200 };
    await answers((route) => route.fulfill({ status: 429, json: { error: limited } }));
    await offer.click();
    await told.filter({ hasText: "That was too fast; try again in 5 seconds." }).waitFor(wait);
    await answers((route) => route.abort());
    await dialog.getByRole("button", { name: "Try again" }).click();
    await told.filter({ hasText: "The server cannot be reached." }).waitFor(wait);
    await readable(page, "without a code");
    await context.clearCookies({ name: "orchestack_person" });
    await dialog.getByRole("button", { name: "Try again" }).click();
    await told.filter({ hasText: "You are not signed in any more." }).waitFor(wait);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Token").waitFor(wait);
    await page.keyboard.press("Escape");
    await focused(page, "sign");
    assert.equal(await offer.count(), 0, "nobody is signed in");

    // Within another page it is not offered.
    await page.goto(`${url}/embed?agent=default`);
    await page.locator("#state[data-state=open]").waitFor(wait);
    await signIn(page);
    assert.equal(await offer.count(), 0, "whose page it is cannot be seen there");
    await leave(visited);
  },

  "attaches a file": async () => {
    const visited = await open();
    const { page } = visited;
    await page.locator("#pick").setInputFiles({ name: "notes.txt", mimeType: "text/html", buffer: Buffer.from("some notes") });
    await page.locator("#files", { hasText: "notes.txt (10 B)" }).waitFor(wait);
    await page.locator("#text").fill("See these.");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator("article.user[data-no]", { hasText: "notes.txt (10 B)" }).waitFor(wait);
    const large = { name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(10 * 1024 * 1024 + 1) };
    await page.locator("#pick").setInputFiles(large);
    await page.locator("#notice", { hasText: "larger than 10.0 MB" }).waitFor(wait);
    await act("claim");
    await act("answer", { text: "Thank you." });
    await leave(visited);
  },

  "works without sockets": async () => {
    const visited = await open({}, (page) => page.addInitScript(() => delete globalThis.WebSocket));
    const { page } = visited;
    await ask(page, "Without sockets?");
    await kept(page, "Without sockets?");
    await act("claim");
    await whisper(page, 0, "It wor", "It wor");
    await act("answer", { text: "It works." });
    await page.locator("article.assistant[data-no='2']", { hasText: "It works." }).waitFor(wait);
    assert.deepEqual(await numbers(page), [1, 2]);
    await leave(visited);
  },

  "works within another page": async () => {
    const visited = await visit();
    const { page } = visited;
    await page.goto(`${stage}/shop`);
    const button = page.getByRole("button", { name: "Ask us" });
    await button.click();
    const frame = page.frameLocator("iframe[title='Ask us']");
    await frame.locator("#state[data-state=open]").waitFor(wait);
    await frame.locator("#text").fill("Do you have tea?");
    await frame.locator("#text").press("Enter");
    await frame.locator("article.user[data-no='1']").waitFor(wait);
    await act("claim");
    await act("answer", { text: "We do." });
    await frame.locator("article.assistant[data-no='2']", { hasText: "We do." }).waitFor(wait);
    await page.screenshot({ path: `${pictures}/widget.png` });
    // It is there again after the page was left.
    await page.reload();
    await button.click();
    await frame.locator("article.assistant[data-no='2']").waitFor(wait);
    await frame.locator("#text").press("Escape");
    await page.locator("iframe").waitFor({ state: "hidden", ...wait });
    await leave(visited);
  },

  "is readable for everybody": async () => {
    for (const [name, options] of [
      ["light", { colorScheme: "light" }],
      ["dark", { colorScheme: "dark" }],
      ["phone", { colorScheme: "light", viewport: { width: 360, height: 700 } }],
    ]) {
      const visited = await open(options);
      const { page } = visited;
      await ask(page, "What is the plan?");
      await kept(page, "What is the plan?");
      await act("claim");
      await act("ask people", { tool: "shell.exec", arguments: { argv: ["make", "deploy", "x".repeat(200)] } });
      await page.locator(".card").waitFor(wait);
      await readable(page, name);
      await page.screenshot({ path: `${pictures}/${name}.png` });
      await signIn(page);
      await readable(page, `${name}, signed in`);
      await page.getByRole("button", { name: "Pair an account" }).click();
      await page.getByLabel("Code", { exact: true }).waitFor(wait);
      await readable(page, `${name}, with a code`);
      await page.screenshot({ path: `${pictures}/pairing-${name}.png` });
      await leave(visited);
    }
  },
};

for (const [name, run] of Object.entries(scenarios)) {
  try {
    await run();
  } catch (error) {
    console.error(`failed: ${name}`);
    throw error;
  }
  console.log(`ok ${name}`);
}
await browser.close();
