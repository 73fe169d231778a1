// The names that policies can use, out of Cedar's JSON of a schema.

export interface Attribute {
  name: string;
  /** As a schema would write it, such as `Set<String>`. */
  type: string;
  isOptional: boolean;
  /** The attributes of a record. */
  inside: Attribute[];
}

export interface EntityType {
  /** With its namespace. */
  name: string;
  attributes: Attribute[];
}

export interface Action {
  name: string;
  /** With their namespaces. */
  principals: string[];
  resources: string[];
  context: Attribute[];
}

export interface Vocabulary {
  namespaces: string[];
  types: EntityType[];
  actions: Action[];
}

interface Type {
  type: string;
  name?: string;
  element?: Type;
  attributes?: Record<string, Type & { required?: boolean }>;
}

interface Namespace {
  commonTypes?: Record<string, Type>;
  entityTypes: Record<string, { shape?: Type } | object>;
  actions: Record<string, { appliesTo?: { principalTypes: string[]; resourceTypes: string[]; context?: Type } | null }>;
}

export function vocabularyOf(schema: object): Vocabulary {
  const words: Vocabulary = { namespaces: [], types: [], actions: [] };
  for (const [prefix, namespace] of Object.entries(schema as Record<string, Namespace>)) {
    const common = namespace.commonTypes ?? {};
    const whole = (name: string) => (prefix && !name.includes("::") ? `${prefix}::${name}` : name);
    if (prefix) words.namespaces.push(prefix);
    for (const [name, entity] of Object.entries(namespace.entityTypes)) {
      const shape = "shape" in entity ? entity.shape : undefined;
      words.types.push({ name: whole(name), attributes: attributesOf(shape, common) });
    }
    for (const [name, { appliesTo }] of Object.entries(namespace.actions)) {
      words.actions.push({
        name,
        principals: appliesTo?.principalTypes.map(whole) ?? [],
        resources: appliesTo?.resourceTypes.map(whole) ?? [],
        context: attributesOf(appliesTo?.context, common),
      });
    }
  }
  return words;
}

function attributesOf(type: Type | undefined, common: Record<string, Type>): Attribute[] {
  const record = (type?.name && common[type.name]) || type;
  return Object.entries(record?.attributes ?? {}).map(([name, of]) => ({
    name,
    type: told(of),
    isOptional: of.required === false,
    inside: attributesOf(of, common),
  }));
}

function told(type: Type): string {
  if (type.element) return `Set<${told(type.element)}>`;
  return type.name ?? type.type;
}
