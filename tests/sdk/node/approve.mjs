// A person at the page of the webchat: writes to an agent, reads which command it wants to run, approves it, and
// reads the answer as it is written. Arguments: the page, the person's token, what to write, the command, the
// answer, and where the picture goes.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [, , url, token, text, command, answer, picture] = process.argv;
const wait = { timeout: 60_000 };

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
const context = await browser.newContext({ viewport: { width: 900, height: 900 } });
context.setDefaultTimeout(wait.timeout);
const page = await context.newPage();
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));

await page.goto(`${url}/?agent=default`);
await page.locator("#state[data-state=open]").waitFor(wait);
await page.locator("#text").fill(text);
await page.locator("#text").press("Enter");

const card = page.locator(".card[data-approval]");
await card.waitFor(wait);
const shown = JSON.parse(await card.locator("pre").innerText());
assert.deepEqual(shown, { command });
await card.getByRole("button", { name: "Sign in to decide" }).click();
await page.getByLabel("Token").fill(token);
await page.getByLabel("Token").press("Enter");
await card.getByRole("button", { name: "Approve" }).waitFor(wait);
await page.screenshot({ path: picture.replace(".png", "-asks.png") });
await card.getByLabel("Reason").fill("looked at it");
await card.getByRole("button", { name: "Approve" }).click();
await card.locator(".status", { hasText: "Approved" }).waitFor(wait);

// The answer is seen while it is written, and then whole.
await page.locator("article.assistant[aria-busy=true]").first().waitFor(wait);
await page.locator("article.assistant[data-no]", { hasText: answer }).waitFor(wait);
assert.equal(await page.locator("article.assistant").count(), 1);
assert.deepEqual(errors, []);
await page.screenshot({ path: picture });
await browser.close();
console.log("ok");
