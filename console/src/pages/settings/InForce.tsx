import { useGet } from "../../api/hooks";
import { Badge } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Told } from "../../components/Told";
import { useFilters } from "../../components/useFilters";
import { counted } from "../../format/number";
import { isChosen, nameIn, sectionsOf, type Setting, type SettingSection } from "./sections";

const DEFAULTS = { search: "", show: "all" };

const SHOW = [
  { id: "all", title: "All" },
  { id: "chosen", title: "Differs from the default" },
];

/** Every setting with its value and where that comes from. */
export function InForce() {
  const [{ search, show }, set] = useFilters(DEFAULTS);
  const settings = useGet("/api/v1/settings", {});
  return (
    <div className="stack">
      <Filters label="Settings">
        <SearchFilter label="Search settings" value={search} onChange={(text) => set({ search: text })} />
        <ChoiceFilter label="Show" options={SHOW} value={show} onChange={(chosen) => set({ show: chosen })} />
      </Filters>
      <Loaded of={settings} skeleton={<Skeleton kind="row" rows={12} />}>
        {(data) => (
          <Sections settings={show === "all" ? data.settings : data.settings.filter(isChosen)} words={search} />
        )}
      </Loaded>
    </div>
  );
}

function Sections({ settings, words }: { settings: Setting[]; words: string }) {
  const sections = sectionsOf(settings, words);
  if (sections.length === 0) {
    return (
      <div className="panel">
        <Empty title={words ? `No setting has “${words}”` : "Every setting has its default"}>
          <p>
            Settings are written into <code>orchestack.toml</code>, or into the environment as{" "}
            <code>ORCHESTACK_SECTION__NAME</code>.
          </p>
        </Empty>
      </div>
    );
  }
  return (
    <div className="settings">
      <nav className="settings-index" aria-label="Sections">
        {sections.map(({ name, settings: own }) => (
          <a key={name} href={`#settings-${name}`}>
            {name}
            <Chosen of={own} />
          </a>
        ))}
      </nav>
      <div className="stack">
        {sections.map((section) => (
          <Group key={section.name} section={section} />
        ))}
      </div>
    </div>
  );
}

/** How many of a section somebody chose. */
function Chosen({ of }: { of: Setting[] }) {
  const chosen = of.filter(isChosen).length;
  if (chosen === 0) return null;
  return (
    <span className="settings-count" title={`${counted(chosen, "setting")} not at the default`}>
      {chosen}
    </span>
  );
}

function Group({ section: { name, settings } }: { section: SettingSection }) {
  return (
    <div id={`settings-${name}`} className="settings-group">
      <Section title={name}>
        <dl className="panel">
          {settings.map((setting) => (
            <div key={setting.key} data-chosen={isChosen(setting) || undefined}>
              <dt>
                <code title={setting.key}>{nameIn(name, setting.key)}</code>
                <span className="soft">
                  <Told text={setting.help} />
                </span>
              </dt>
              <dd>
                {setting.value == null ? <span className="soft">not set</span> : <code>{setting.value}</code>}
                {isChosen(setting) && <Badge tone="info">{setting.origin}</Badge>}
              </dd>
            </div>
          ))}
        </dl>
      </Section>
    </div>
  );
}
