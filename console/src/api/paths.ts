// What the OpenAPI document says of each path, as types of a request and its answer.

import type { components, paths as Paths } from "./schema";

/** The shapes of the document by name, such as `Schemas["AgentView"]`. */
export type Schemas = components["schemas"];

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that know a method. */
export type PathOf<M extends Method> = {
  [P in keyof Paths]: Paths[P] extends Record<M, object> ? P : never;
}[keyof Paths];

type Operation<M extends Method, P extends PathOf<M>> = Paths[P] extends Record<M, infer O> ? O : never;

/** What a request has beside its path: parameters in the path, parameters in the query, and the body. */
export type AskOf<M extends Method, P extends PathOf<M>> = PathPart<Operation<M, P>> &
  QueryPart<Operation<M, P>> &
  BodyPart<Operation<M, P>>;

type PathPart<O> = O extends { parameters: { path: infer V } } ? { path: V } : unknown;

type QueryPart<O> = O extends { parameters: { query?: infer V } } ? { query?: V } : unknown;

type BodyPart<O> = O extends { requestBody: { content: Json<infer B> } }
  ? { body: B }
  : O extends { requestBody?: { content: Json<infer B> } }
    ? { body?: B }
    : unknown;

/** What a request is answered with where it succeeds. */
export type AnswerOf<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { responses: infer R } ? Success<R> : never;

type Success<R> = {
  [S in keyof R]: S extends 204 ? void : S extends 200 | 201 ? BodyOf<R[S]> : never;
}[keyof R];

type BodyOf<Response> = Response extends { content: Json<infer B> } ? B : never;

interface Json<B> {
  "application/json": B;
}
