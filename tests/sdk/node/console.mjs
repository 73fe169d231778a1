// An administrator in the console: signs in, opens every page and one thing on each, with the keyboard where it
// matters. Nothing leaves the server, nothing hostile runs, nobody is shut out. Arguments: the address, a token, a
// folder for pictures, an agent's request, and the text that hostile names carry. Of the requests, one has a session,
// and one is a call of a tool that waits for people.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [, , url, token, pictures, request, hostile] = process.argv;
const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const wait = { timeout: 60_000 };

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

// A browser of its own that tells of errors, of what leaves, and of what moves about.
const visit = async (options) => {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(wait.timeout);
  const page = await context.newPage();
  const seen = { errors: [], strangers: [], failed: [] };
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (line) => {
    // Who is not signed in is told so once, and browsers say that too.
    if (line.type() === "error" && !/401/.test(line.text())) seen.errors.push(line.text());
  });
  page.on("request", (asked) => {
    const { protocol, origin } = new URL(asked.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== url) seen.strangers.push(asked.url());
  });
  page.on("response", (answer) => {
    if (answer.status() >= 500) seen.failed.push(`${answer.status()} ${answer.url()}`);
  });
  await page.addInitScript(() => {
    window.moved = 0;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.moved += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  return { context, page, seen };
};

const signIn = async (page) => {
  await page.goto(url);
  await page.getByLabel("Admin token").fill(token);
  await page.getByLabel("Admin token").press("Enter");
  await page.locator("main.sign-in").waitFor({ state: "detached", ...wait });
};

// What a page says once it has everything.
const settle = async (page) => {
  await page.locator("main h1").first().waitFor(wait);
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"), null, wait);
};

const check = async (page, where) => {
  assert.equal(await page.evaluate(() => window.pwned), undefined, `${where}: something hostile ran`);
  // Scripts from elsewhere are not let in by the page's own policy, so the check comes in by the debugger.
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(" ")}`);
  assert.deepEqual(told, [], where);
};

const { context, page, seen } = await visit({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
await signIn(page);
await settle(page);
const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
assert.ok(paths.length >= 15, `${paths.length} pages`);
const named = [];
for (const path of [...paths, "/start", `/traffic/${request}`]) {
  await page.goto(`${url}${path}`);
  await settle(page);
  await check(page, path);
  const moved = await page.evaluate(() => window.moved);
  assert.ok(moved < 0.1, `${path}: the layout shifts by ${moved}`);
  assert.equal(await page.getByText("Something went wrong").count(), 0, path);
  if ((await page.content()).includes(hostile.replaceAll("<", "&lt;").replaceAll(">", "&gt;"))) named.push(path);
  const name = path === "/" ? "overview" : path.slice(1).replaceAll("/", "-").replace(request, "request");
  await page.screenshot({ path: `${pictures}/console-${name}.png` });
}
assert.ok(named.length > 0, "hostile names are told as text somewhere");

// Spend leads to traffic, and traffic to one request, by links alone.
await page.goto(`${url}/traffic`);
await settle(page);
await page.locator(`a[href*="${request}"]`).first().click();
await page.waitForURL(`**/traffic/${request}`);
await settle(page);
const story = await page.locator("main").innerText();
for (const word of ["default-calls-models", "sim"]) assert.ok(story.includes(word), `the story has no \`${word}\``);

// The same list narrowed to a provider and to a session has theirs alone, and the address keeps both.
const ask = (path) => page.evaluate(async (asked) => (await fetch(asked)).json(), path);
const { lines } = await ask("/api/v1/requests?limit=1000");
const wanted = lines.find(({ provider, session }) => provider && session);
assert.ok(wanted, "a request has a session");
await page.goto(`${url}/traffic`);
await settle(page);
await page.getByRole("button", { name: "More filters" }).click();
await page.getByRole("button", { name: "Provider" }).click();
await page.getByRole("option", { name: wanted.provider, exact: true }).click();
const rows = (count) => page.locator(`table[aria-label=Requests][aria-rowcount="${count + 1}"]`);
await rows(lines.filter(({ provider }) => provider === wanted.provider).length).waitFor(wait);
const both = lines.filter(({ provider, session }) => provider === wanted.provider && session === wanted.session);
await page.getByRole("searchbox", { name: "Session, by its id" }).fill(wanted.session);
await page.keyboard.press("Enter");
await rows(both.length).waitFor(wait);
await page.getByRole("button", { name: "More filters (2)" }).waitFor(wait);
await check(page, "traffic of a session");
await page.reload();
await settle(page);
await rows(both.length).waitFor(wait);

// What the server alone knows to be wrong is told while it is typed. Nothing of it is kept: no branch, no commit.
const sent = [];
page.on("request", (asked) => sent.push(`${asked.method()} ${new URL(asked.url()).pathname}`));
const log = await ask("/api/v1/policy/log?limit=1");
await page.goto(`${url}/policies?file=agents/default/agent.toml`);
await settle(page);
await page.locator(".cm-content").click();
await page.keyboard.press("Control+End");
await page.keyboard.type("\n[nonsense]\n");
const problems = page.locator(".policy-problems li");
await problems.filter({ hasText: "nonsense" }).waitFor(wait);
assert.equal(await page.locator(".fault-dot").count(), 1, "the line is marked");
await check(page, "a draft with a mistake");
await page.getByRole("tab", { name: "Changes (1)" }).click();
await page.getByRole("heading", { name: "It would be refused" }).waitFor(wait);
await page.getByRole("tab", { name: "Files" }).click();
await page.getByRole("button", { name: "Undo all" }).click();
await page.getByRole("tab", { name: "Changes", exact: true }).waitFor(wait);
assert.ok(sent.includes("POST /api/v1/policy/check"), "the server is asked");
assert.deepEqual(sent.filter((asked) => asked.startsWith("PUT")), [], "nothing is saved");
assert.deepEqual(await ask("/api/v1/policy/log?limit=1"), log);

// The exact arguments of a call that waits for people are there for who asks for them, and that is on record.
const { approvals } = await ask("/api/v1/approvals?limit=1000");
const question = approvals.find(({ kind }) => kind === "tool_call");
assert.ok(question, "a call of a tool waits for people");
const looks = () => sent.filter((asked) => asked.endsWith("/arguments")).length;
await page.goto(`${url}/approvals/${question.id}`);
await settle(page);
assert.equal(looks(), 0, "nobody has looked yet");
await page.getByRole("button", { name: "Show exact arguments" }).click();
await page.getByRole("region", { name: "Exact arguments" }).waitFor(wait);
await page.getByText("That you looked is in the audit record.").waitFor(wait);
assert.equal(looks(), 1);
await check(page, "exact arguments");

// The keyboard alone finds its way: the palette opens, takes a name, and goes there.
await page.keyboard.press("Control+k");
const palette = page.getByRole("dialog", { name: "Go to a page" });
await palette.getByRole("searchbox").waitFor(wait);
await page.keyboard.type("audit");
await page.waitForFunction(() => document.querySelectorAll("[role=dialog] [role=menuitem]").length === 1, null, wait);
await page.keyboard.press("ArrowDown");
await page.keyboard.press("Enter");
await page.waitForURL("**/audit");

// Dark, and as narrow as a phone.
const phone = await visit({ viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true });
await signIn(phone.page);
for (const path of ["/", "/spend", "/traffic", "/approvals"]) {
  await phone.page.goto(`${url}${path}`);
  await settle(phone.page);
  await check(phone.page, `${path} on a phone`);
  const wide = await phone.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${path} is ${wide} pixels too wide for a phone`);
  await phone.page.screenshot({ path: `${pictures}/console-phone${path.replace("/", "-")}.png` });
}

// Whoever signs out everywhere is out everywhere.
const out = await page.evaluate(async () => {
  const { csrf } = await (await fetch("/api/v1/console/session")).json();
  const headers = { "x-orchestack-csrf": csrf };
  return (await fetch("/api/v1/console/sessions", { method: "DELETE", headers })).status;
});
assert.equal(out, 204);
await phone.page.goto(`${url}/spend`);
await phone.page.getByLabel("Admin token").waitFor(wait);

for (const { errors, strangers, failed } of [seen, phone.seen]) {
  assert.deepEqual(errors, []);
  assert.deepEqual(strangers, []);
  assert.deepEqual(failed, []);
}
await context.close();
await browser.close();
