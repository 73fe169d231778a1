// Made from openapi.json by `npm run api`.

export interface paths {
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists agents. */
        get: operations["get_agents"];
        put?: never;
        /** Adds an agent: commits its definition and starter policies to the tree. */
        post: operations["post_agents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one agent. */
        get: operations["get_agents_by_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists questions to people. */
        get: operations["get_approvals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one question with its votes. */
        get: operations["get_approvals_by_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Votes for a question. Enough people with every role approve it; the first decision wins. */
        post: operations["post_approvals_by_id_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/arguments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the exact arguments of the call that a question is about, to those alone who may vote on it. Each look is on
         *     record.
         */
        get: operations["get_approvals_by_id_arguments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraws a question that waits. */
        post: operations["post_approvals_by_id_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/deny": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Votes against a question, which denies it for everybody. */
        post: operations["post_approvals_by_id_deny"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the newest records of the tenant. With `actor` it looks through 200,000 records at most: an answer may have
         *     few records or none and still name a next one.
         */
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Hands out the whole chain as JSON lines, oldest first, in the bytes that were hashed. */
        get: operations["get_audit_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Checks every record's hash and place. */
        get: operations["get_audit_verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/break-glass": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists emergency rights that are in force, and requests for them that wait. */
        get: operations["get_break_glass"];
        put?: never;
        /** Asks two administrators for emergency rights. Asked again, it is the same question. */
        post: operations["post_break_glass"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/break-glass/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends emergency rights at once, or withdraws a request for them. */
        delete: operations["delete_break_glass_by_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budget": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows every cap and account of the present windows. */
        get: operations["get_budget"];
        /** Sets a cap, at once and for every later window of its period. */
        put: operations["put_budget"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budget/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compares an export with the ledger and says what would be booked. Changes nothing. */
        post: operations["post_budget_compare"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budget/raise": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Raises a cap by an amount: for good, or until an instant. */
        post: operations["post_budget_raise"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budget/reconcile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compares an export with the ledger and books the difference as far as calls explain it whose charge
         *     is a guess: each once, as rows of its own. The same export again, or one that overlaps, books nothing
         *     a second time.
         */
        post: operations["post_budget_reconcile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/console/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows who is signed in. */
        get: operations["get_console_session"];
        put?: never;
        /** Signs in with an admin token. Sets the cookie of the session. */
        post: operations["post_console_session"];
        /** Ends this session. */
        delete: operations["delete_console_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/console/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends every session of the person. */
        delete: operations["delete_console_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what was given up. */
        get: operations["get_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one thing that was given up. */
        get: operations["get_dead_letters_by_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts away what was given up. */
        post: operations["post_dead_letters_by_id_discard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has what was given up tried again: a task goes on with its journal, an event is published anew. */
        post: operations["post_dead_letters_by_id_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dlp/scan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Searches a text as a request would be, with the settings and detectors in force. The record that it
         *     leaves has the text's SHA-256 and how many of each kind were found.
         */
        post: operations["post_dlp_scan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists effects that nobody knows about: whether they happened, a person must say. */
        get: operations["get_effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/effects/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what became of an effect, and shows those that still wait. The first word counts. */
        post: operations["post_effects_resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists grants, revoked and expired ones included; never the grants themselves. */
        get: operations["get_grants"];
        put?: never;
        /** Makes a grant. */
        post: operations["post_grants"];
        /** Revokes every grant of a task. */
        delete: operations["delete_grants"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/grants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a grant for good. It is refused from the answer on. */
        delete: operations["delete_grants_by_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists keys, revoked ones included; never the keys themselves. */
        get: operations["get_keys"];
        put?: never;
        /** Makes a key for an agent. */
        post: operations["post_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a key for good. It is refused from the answer on. */
        delete: operations["delete_keys_by_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replaces a key: makes a new one for the same agent and lets the old one end later. */
        post: operations["post_keys_by_id_rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists every model that is registered. */
        get: operations["get_models"];
        put?: never;
        /** Registers a model at run time. */
        post: operations["post_models"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a model that was registered at run time. */
        delete: operations["delete_models_by_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{id}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Registers a model again that was registered at run time, with the facts that its server tells and, in
         *     the body, those that calls have told, which go first.
         */
        post: operations["post_models_by_id_refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/probe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks every registered provider whether it answers and what it serves, and looks for model servers on
         *     this machine and for provider keys in the environment. Nothing is generated, and nothing costs.
         */
        post: operations["post_models_probe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows what is configured and what answers. */
        get: operations["get_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists people by their tokens, revoked ones included; never the tokens themselves. */
        get: operations["get_people"];
        put?: never;
        /** Gives a person a token. */
        post: operations["post_people"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a person's token for good. It is refused from the answer on. */
        delete: operations["delete_people_by_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows which commit is in force, and why a newer one is not. */
        get: operations["get_policy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Checks the files of the tree's folder, committed or not, one commit, or changes that nobody has saved. */
        post: operations["post_policy_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells what a change of policies newly permits and newly denies. */
        post: operations["post_policy_diff"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Explains how a call would be decided now, and what would change the answer. */
        post: operations["post_policy_explain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows which files the tree has, and the text of one. */
        get: operations["get_policy_files"];
        /**
         * Changes the tree's files: a commit of whoever asks, checked, tested and proved as a whole before
         *     it is one.
         */
        put: operations["put_policy_files"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the commits of the tree. */
        get: operations["get_policy_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/prove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Proves every invariant of the tree's folder, of one commit, or of changes that nobody has saved. */
        post: operations["post_policy_prove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/reload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Loads the newest commit now instead of at the next look: asks the remote, where there is one. */
        post: operations["post_policy_reload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the tree what it was at an earlier commit, by a new commit on top, and loads it. */
        post: operations["post_policy_rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the schema that every policy is checked against. */
        get: operations["get_policy_schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks every decision case of the tree's folder, of one commit, or of changes that nobody has saved. */
        post: operations["post_policy_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks the tree's remote now. GitHub signs with `X-Hub-Signature-256`, Gitea with
         *     `X-Gitea-Signature`, and GitLab sends the secret itself as `X-Gitlab-Token`.
         */
        post: operations["post_policy_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what every model costs now. */
        get: operations["get_prices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists every provider that is registered. */
        get: operations["get_providers"];
        put?: never;
        /** Registers a provider at run time. */
        post: operations["post_providers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a provider that was registered at run time. */
        delete: operations["delete_providers_by_name"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists requests that ended or were refused, newest first. Looks through 200,000 records at most: with filters,
         *     an answer may have few lines or none and still name a next one.
         */
        get: operations["get_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells the story of a request. */
        get: operations["get_requests_by_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows requests as they end: events `request` with a line each, and `lost` where there were too many at once. */
        get: operations["get_requests_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists conversations, those first in which something happened last. */
        get: operations["get_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the label of a session, and what it has seen. */
        get: operations["get_sessions_by_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/endorse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Vouches for everything that a session has seen. What it sees next is nobody's word again. */
        post: operations["post_sessions_by_id_endorse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/label": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lowers the label of a session. It rises again with what is seen next. */
        post: operations["post_sessions_by_id_label"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the settings in force. */
        get: operations["get_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reports what was spent. */
        get: operations["get_spend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows what was spent in each hour or day. */
        get: operations["get_spend_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists tasks, newest first. */
        get: operations["get_tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one task, how far its run is, and each of its steps. */
        get: operations["get_tasks_by_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops a task with everything that it asked for. */
        post: operations["post_tasks_by_id_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has a task tried again that failed, was given up, or waits for exactly that. */
        post: operations["post_tasks_by_id_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists tools: those of the tree, and those that servers gave besides. */
        get: operations["get_tools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tools/{server}/{tool}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one tool, with every definition of it that is known and what differs. */
        get: operations["get_tools_by_server_by_tool"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tools/{server}/{tool}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a definition be called: callers are offered it, and calls go through while the server gives it. */
        post: operations["post_tools_by_server_by_tool_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tools/{server}/{tool}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps a definition from being called, even where the tree pins it. */
        post: operations["post_tools_by_server_by_tool_reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A model of ours that the export does not name. */
        Absent: {
            /**
             * Format: int64
             * @description Calls in the buckets that were compared.
             */
            calls: number;
            /** @description What they were charged. It stays. */
            charged: components["schemas"]["Money"];
            /** @description Our id of it. */
            model: string;
        };
        /** @description One account: a cap and what is spent of it in its present window. */
        AccountView: {
            cap?: components["schemas"]["Money"] | null;
            /** @description When it ends. */
            ends?: string | null;
            /** @description Whether the cap refuses; otherwise it is only shown. */
            hard: boolean;
            /** @description What running requests have reserved. */
            held: components["schemas"]["Money"];
            left?: components["schemas"]["Money"] | null;
            /** @description The agent's name, or the id of whatever else spends. */
            name: string;
            /** @description What was spent beyond reservations because a provider broke its limit. */
            overrun: components["schemas"]["Money"];
            /** @description `day`, `week`, `month` or `total`. */
            period: string;
            rolled_over?: components["schemas"]["Money"] | null;
            /** @description The kind of spender. */
            scope: string;
            /** @description What was spent, overrun included. */
            spent: components["schemas"]["Money"];
            /** @description When the window began. */
            starts: string;
        };
        /** @description Agents. */
        AgentList: {
            /** @description By name. */
            agents: components["schemas"]["AgentView"][];
        };
        /** @description One agent. */
        AgentView: {
            /** @description When it was made. */
            created_at: string;
            /**
             * @description Whether the commit in force defines it. An agent that no tree defines has no policies of its
             *     own and so may do nothing.
             */
            defined: boolean;
            /** @description Whether its keys are refused. */
            disabled: boolean;
            /** @description Its groups in policies. */
            groups: string[];
            /** @description Its id. */
            id: string;
            /** @description `user` or `system`. */
            kind: string;
            /** @description Its name. */
            name: string;
            /** @description Who answers for it. */
            owner: string;
        };
        /** @description The arguments of the call that a question is about. */
        ApprovalArguments: {
            /** @description Exactly those that the tool would get, but for values of restricted kinds, in whose place a token stands. */
            arguments?: Record<string, never> | null;
            /** @description Whether there are any. */
            kept: boolean;
            /** @description What was taken out. */
            masked: components["schemas"]["MaskedValue"][];
            /** @description Why there are none. */
            why?: string | null;
        };
        /** @description Questions to people. */
        ApprovalList: {
            /** @description Newest first. */
            approvals: components["schemas"]["ApprovalView"][];
        };
        /** @description One question to people. */
        ApprovalView: {
            /** @description When it was asked. */
            created_at: string;
            /** @description When it was decided. */
            decided_at?: string | null;
            /** @description What it is about: names, label, kinds of data; never content of a call. */
            detail: Record<string, never>;
            /** @description When emergency rights end. */
            ends_at?: string | null;
            /** @description From when on it can be neither answered nor used. */
            expires_at: string;
            /** @description Its id. */
            id: string;
            /** @description What is to be approved. */
            kind: string;
            missing?: components["schemas"]["MissingVotes"] | null;
            /** @description Whether the policies have changed since: then nothing can use its answer. */
            outdated: boolean;
            /** @description Who answers for an agent; empty where nobody does. */
            owner: string;
            /**
             * Format: int32
             * @description How many different people must approve.
             */
            quorum: number;
            /** @description Why it is asked. */
            reason: string;
            /** @description Who asks. */
            requester: string;
            /** @description `agent`, `user` or `service`. */
            requester_kind: string;
            /** @description Each of these roles must be among the people who approve. */
            roles: string[];
            /** @description Where it stands. */
            status: string;
            /** @description The request that used it. */
            used_by?: string | null;
            /** @description What people said, in the order in which they did. */
            votes: components["schemas"]["VoteView"][];
        };
        /** @description A record that is not as it was written. */
        AuditBad: {
            /**
             * Format: int64
             * @description Its number.
             */
            seq: number;
            /** @description What is wrong with it. */
            why: string;
        };
        /** @description Records. */
        AuditList: {
            /**
             * Format: int64
             * @description What `before` of the next call is, where records of an actor may be further back than was looked.
             */
            next?: number | null;
            /** @description Oldest first. */
            records: components["schemas"]["AuditView"][];
        };
        /** @description Whether the chain is whole. */
        AuditVerdict: {
            /**
             * Format: int64
             * @description How many records were checked.
             */
            checked: number;
            first_bad?: components["schemas"]["AuditBad"] | null;
            /** @description The hash of the last record: keep it elsewhere, and a cut at the end shows too. */
            hash: string;
            /** @description Whether every record is as it was written. */
            ok: boolean;
            /**
             * Format: int64
             * @description The number of the last record.
             */
            seq: number;
        };
        /** @description One record with its place in the chain. */
        AuditView: {
            /** @description The Cedar action. */
            action: string;
            /** @description Who acted. */
            actor: string;
            /** @description When. */
            at: string;
            /** @description How the actor proved who it is. */
            auth: string;
            /** @description The commit whose policies decided. */
            commit: string;
            /** @description Everything else. */
            detail: unknown;
            /** @description Its hash in the chain. */
            hash: string;
            /** @description `decision`, `completion`, `admin` or `system`. */
            kind: string;
            /** @description `permit`, `ok` or a code. */
            outcome: string;
            /** @description The hash of the record before it. */
            prev_hash: string;
            /** @description The request it belongs to. */
            request?: string | null;
            /** @description What it was done to. */
            resource: string;
            /**
             * Format: int64
             * @description Its number, from 1 without a gap.
             */
            seq: number;
        };
        /** @description What was booked. */
        BookedShares: {
            /**
             * Format: int64
             * @description Calls that were credited or charged.
             */
            calls: number;
            /** @description What was charged. */
            charged: components["schemas"]["Money"];
            /** @description What was credited. */
            credited: components["schemas"]["Money"];
            /**
             * Format: int64
             * @description Calls that were charged something else meanwhile, or may yet be; the next run sees them.
             */
            passed_over: number;
        };
        /** @description Accounts. */
        BudgetList: {
            /** @description By scope, name and period. */
            accounts: components["schemas"]["AccountView"][];
            /** @description Raises that have not ended, which are in the caps. */
            raises?: components["schemas"]["RaiseView"][];
        };
        /** @description How one decision case ended. */
        CaseView: {
            /** @description What is wrong with the answer; absent where it is as expected. */
            failed?: string | null;
            /** @description The file. */
            file: string;
            /** @description The line, from 1. */
            line: number;
            /** @description Its name. */
            name: string;
        };
        /** @description A change of one fact. */
        ChangeView: {
            /** @description Such as `with the label internal`. */
            change: string;
            /** @description What would be decided. */
            outcome: components["schemas"]["OutcomeView"];
        };
        /** @description A row of the ledger. */
        ChargeView: {
            /** @description What was charged. */
            amount: components["schemas"]["Money"];
            /** @description When. */
            at: string;
            /** @description The attempt. */
            attempt: string;
            /** @description What it was computed from. */
            basis: string;
            /** @description What it is. */
            kind: string;
            /** @description The model that was called. */
            model: string;
            /** @description The part beyond what was held. */
            overrun: components["schemas"]["Money"];
            /** @description The provider that was called. */
            provider: string;
            /**
             * Format: int64
             * @description Its number.
             */
            seq: number;
        };
        /** @description One commit of the tree. */
        CommitView: {
            /** @description When. */
            at: string;
            /** @description Who made it. */
            author: string;
            /** @description Its id. */
            commit: string;
            /** @description Whether it is in force. */
            in_force: boolean;
            /** @description The first line of its message. */
            subject: string;
        };
        /** @description Who is signed in, and what is to be shown. */
        ConsoleView: {
            /** @description What every change over the cookie carries in `x-orchestack-csrf`. */
            csrf: string;
            /** @description When the session ends at the latest; two hours without use end it before. */
            expires_at: string;
            /** @description Their groups. */
            groups: string[];
            /**
             * @description Operations that policy permits now to the tenant as a whole, at once or once people have approved. What is
             *     shown goes by it; what is done is decided when it is done.
             */
            operations: string[];
            /** @description The person, as policies name them. */
            person: string;
            /** @description The tenant's name. */
            tenant: string;
        };
        /** @description What was given up. */
        DeadLetterList: {
            /** @description Newest first. */
            dead_letters: components["schemas"]["DeadLetterView"][];
        };
        /** @description What was given up. */
        DeadLetterView: {
            /** @description When it was given up. */
            at: string;
            /**
             * Format: int64
             * @description How often it was tried.
             */
            attempts: number;
            /** @description Its id. */
            id: string;
            /** @description Why. */
            reason: string;
            /** @description When. */
            resolved_at?: string | null;
            /** @description Who said so. */
            resolved_by?: string | null;
            /** @description Where it was given up. */
            subject: string;
            /** @description The task, where it is one. */
            task?: string | null;
            /** @description `retried` or `discarded`, once somebody said so. */
            verdict?: string | null;
        };
        /** @description One definition of a tool. */
        DefinitionView: {
            /** @description What differs from the one that is offered, with what is hidden made visible. */
            changes: string[];
            /** @description Who decided. */
            decided_by?: string | null;
            /** @description The definition as the server gave it. */
            definition: unknown;
            /** @description When a gateway saw it first. */
            first_seen_at?: string | null;
            /** @description Whether it was taken because it was the first of its tool. */
            first_use: boolean;
            /** @description What is wrong with it, or should be known of it. */
            flags: string[];
            /** @description Its hash, which decisions are bound to. */
            hash: string;
            /** @description When one saw it last, to the minute. */
            last_seen_at?: string | null;
            /** @description Whether callers are offered it. */
            offered: boolean;
            /** @description Why. */
            reason?: string | null;
            /** @description Whether it was rejected, and a server may give it still. */
            refused?: boolean;
            /** @description `pinned`, `seen`, `approved` or `rejected`. */
            state: string;
        };
        /** @description A fact that is registered otherwise than the server tells it. */
        Difference: {
            /** @description `context_tokens`, `tools`, `json_schema`, `images`, `streaming` or `reasoning`. */
            fact: string;
            /** @description As the server tells it. */
            found: string;
            /** @description As registered. */
            registered: string;
        };
        /** @description One request that is decided differently. */
        DifferenceView: {
            /** @description What the request asks for, such as `callModel by Agent on Model`. */
            about: string;
            /** @description The request, in Cedar's JSON. */
            example: Record<string, never>;
            /** @description What it is newly free of, such as `without redacting email`; absent where it was denied. */
            how?: string | null;
            /** @description The same in a few lines. */
            shown: string;
        };
        /** @description What to compare. */
        DiffQuestion: {
            /** @description A commit or branch; the files as they lie in the tree's folder where absent. */
            after?: string | null;
            /** @description In place of `after`: the commit that `changes` are laid over; the newest where absent. */
            base?: string | null;
            /** @description A commit or branch; what is in force where absent. */
            before?: string | null;
            /** @description Changes that no commit has yet, at most 200 files. Nothing is kept of them. */
            changes?: components["schemas"]["NewText"][];
            /**
             * Format: int32
             * @description How many recorded decisions to ask again, newest, at most 10000; none where absent.
             */
            replay?: number | null;
        };
        /** @description Effects that nobody knows about. */
        EffectList: {
            /** @description Oldest first. */
            effects: components["schemas"]["EffectView"][];
        };
        /** @description An effect that nobody knows about. */
        EffectView: {
            /** @description SHA-256 of its arguments, in hexadecimal. */
            args_hash: string;
            /** @description Its class. */
            class: string;
            /** @description Its key. */
            key: string;
            /** @description The run. */
            run: string;
            /** @description Since when nobody knows. */
            since: string;
            /**
             * Format: int32
             * @description The step.
             */
            step: number;
            /** @description The task. */
            task: string;
            /** @description The tool or connector. */
            what: string;
        };
        /** @description A person's word that what a session has seen may be trusted. */
        Endorsement: {
            /** @description Why; at least ten characters. It stays on record. */
            reason: string;
        };
        /** @description The decision about one model, explained. */
        ExplainedModel: {
            /** @description Single changes that would change the answer. */
            changes: components["schemas"]["ChangeView"][];
            /** @description The model. */
            model: string;
            /** @description What is decided. */
            outcome: components["schemas"]["OutcomeView"];
            /** @description The policies that decide. */
            policies: components["schemas"]["PlaceView"][];
        };
        /** @description Why an operation was not done. */
        Fault: {
            approval?: components["schemas"]["Waiting"] | null;
            /** @description A stable name. */
            code: string;
            /** @description Every mistake of a tree that is refused. */
            faults?: components["schemas"]["FaultView"][];
            /** @description What to do about it. */
            fix: string;
            /** @description What is wrong. */
            message: string;
        };
        /** @description One mistake in a file of the tree. */
        FaultView: {
            /** @description The file. */
            file: string;
            /** @description What to do. */
            fix: string;
            /** @description The key; empty where the whole file is meant. */
            key: string;
            /** @description The line, from 1. */
            line?: number | null;
            /** @description What is wrong. */
            message: string;
        };
        /** @description One value that was found. It says where the value stands, never what it is. */
        FindingView: {
            /** @description Where it stands, in bytes of UTF-8. */
            bytes: components["schemas"]["SpanView"];
            /** @description Where it stands, in Unicode code points. */
            chars: components["schemas"]["SpanView"];
            /** @description What it is. */
            kind: string;
            /** @description The label that it gives. */
            label: string;
            /** @description `text`, or `texts[N]`. */
            place: string;
            /**
             * Format: int32
             * @description How sure the engine is, 0 to 100.
             */
            score: number;
            /** @description Why: the points that make the score. */
            terms: components["schemas"]["TermView"][];
        };
        /** @description What a session has seen of others. */
        FlowView: {
            /** @description Why. */
            reason?: string | null;
            /** @description The request that had what nobody vouches for. */
            request?: string | null;
            /** @description Who vouched for what was seen. */
            set_by?: string | null;
            /** @description Since when its integrity is what it is. */
            since: string;
            /** @description The tool servers whose results it has seen. */
            sources: string[];
            /**
             * Format: int64
             * @description Tool calls that were permitted.
             */
            tool_calls: number;
        };
        /** @description Grants. */
        GrantList: {
            /** @description Newest first. */
            grants: components["schemas"]["GrantView"][];
        };
        /** @description One grant, without its signature. */
        GrantView: {
            /** @description The agent's name. */
            agent: string;
            /** @description When it was made. */
            created_at: string;
            /** @description When it ends. */
            expires_at: string;
            /** @description Its id. */
            id: string;
            /** @description Who made it. */
            issued_by: string;
            /** @description What it limits. */
            limits: Record<string, never>;
            /** @description When it was revoked. */
            revoked_at?: string | null;
            /** @description The run that it is bound to. */
            run?: string | null;
            /** @description The session that it is bound to. */
            session?: string | null;
            /** @description `live`, `expired` or `revoked`. */
            state: string;
            /** @description The task that it is bound to. */
            task?: string | null;
        };
        /** @description Keys. */
        KeyList: {
            /** @description Oldest first within an agent. */
            keys: components["schemas"]["KeyView"][];
        };
        /** @description One key, without its secret. */
        KeyView: {
            /** @description The name of the agent it speaks for. */
            agent: string;
            /** @description When it was made. */
            created_at: string;
            /** @description From when on it is refused. */
            expires_at?: string | null;
            /** @description Its public half. */
            id: string;
            /** @description When it was revoked. */
            revoked_at?: string | null;
            /** @description The key that it replaced. */
            rotated_from?: string | null;
            /** @description `live`, `expired` or `revoked`. */
            state: string;
        };
        /** @description What changes in one layer. */
        LayerView: {
            /** @description Examples of what is newly denied. */
            denies: components["schemas"]["DifferenceView"][];
            /** @description `organisation`, or `agent NAME`. */
            layer: string;
            /** @description Examples of what is newly permitted, one for each kind of request. */
            permits: components["schemas"]["DifferenceView"][];
            /** @description Where nobody knows, and why. */
            unknown: string[];
        };
        /** @description What was learnt of a model by calls; what is absent was not. */
        Learnt: {
            /** @description Whether it took an image. */
            images?: boolean | null;
            /** @description Whether it answered by a JSON schema. */
            json_schema?: boolean | null;
            /** @description Whether it streamed its answer. */
            streaming?: boolean | null;
            /** @description Whether it called a tool. */
            tools?: boolean | null;
        };
        /** @description Buckets that were not compared. */
        LeftOut: {
            /**
             * Format: int64
             * @description How many.
             */
            buckets: number;
            /** @description The first instant of the first. */
            from: string;
            /** @description The model that they are left out for; absent for all. */
            model?: string | null;
            /** @description The first instant after the last. */
            to: string;
            /** @description Why. */
            why: string;
        };
        /** @description A grant that was just made. This is the only time that it is shown. */
        MadeGrant: {
            /** @description The name of the agent. */
            agent: string;
            /** @description When it ends. */
            expires_at: string;
            /** @description The grant itself: `Authorization: Bearer <grant>`. */
            grant: string;
            /** @description Its id, by which it is revoked. */
            id: string;
        };
        /** @description A key that was just made. This is the only time that it is shown. */
        MadeKey: {
            /** @description The name of the agent it speaks for. */
            agent: string;
            /** @description Its public half. */
            id: string;
            /** @description The key itself: `Authorization: Bearer <key>`. */
            key: string;
        };
        /** @description A token that was just made. This is the only time that it is shown. */
        MadePerson: {
            /** @description The person's groups. */
            groups: string[];
            /** @description The token's public half. */
            id: string;
            /** @description The person's name. */
            name: string;
            /** @description The token itself: `Authorization: Bearer <token>`. */
            token: string;
        };
        /** @description A value that nobody is shown. */
        MaskedValue: {
            /** @description Its kind. */
            kind: string;
            /** @description Its place in `arguments`, as a JSON pointer such as `/body`. */
            path: string;
        };
        /** @description What a question still waits for. */
        MissingVotes: {
            /**
             * Format: int32
             * @description How many more people must approve.
             */
            people: number;
            /** @description Roles that nobody has approved in. */
            roles: string[];
        };
        /** @description Models. */
        ModelList: {
            /** @description By id. */
            models: components["schemas"]["ModelView"][];
        };
        /** @description One model. */
        ModelView: {
            /** @description Other ids for it. */
            aliases: string[];
            /** @description What it can do. */
            capabilities: string[];
            /**
             * Format: int64
             * @description Input and output tokens together.
             */
            context_tokens: number;
            /** @description Whether it may be used at all. */
            enabled: boolean;
            /** @description Where it was written, for one from the tree. */
            file?: string | null;
            /** @description The id that callers use. */
            id: string;
            /** @description `local` or `cloud`. */
            locality: string;
            /**
             * Format: int64
             * @description Output tokens of one answer.
             */
            max_output_tokens: number;
            /** @description `git`, `runtime`, `discovered` or `simulator`. */
            origin: string;
            price?: components["schemas"]["PriceView"] | null;
            /** @description Its provider. */
            provider: string;
            /** @description Whether its answers are invented by the built-in simulator. */
            simulator: boolean;
            /** @description `small`, `medium` or `large`. */
            size: string;
            /** @description Its name at the provider. */
            upstream: string;
        };
        /** @description An amount of US dollars. */
        Money: {
            /**
             * Format: int64
             * @description Nano-dollars.
             */
            nanos: number;
            /** @description US dollars as text: `0.50`. */
            usd: string;
        };
        /** @description What a new agent is to be. */
        NewAgent: {
            /** @description What it may spend in a day, in US dollars; the organisation's default where absent. */
            budget_day?: string | null;
            /** @description What it does. */
            description?: string;
            /** @description Its name: small letters, digits, `-`, `_` and `.`, at most 64. */
            name: string;
            /** @description Who answers for it; whoever makes it where absent. */
            owner?: string | null;
            /** @description Whether it runs by itself, so that policies know it as `SystemAgent`. */
            system?: boolean;
        };
        /** @description Where the keys of AWS are: references such as `env:AWS_ACCESS_KEY_ID`, never the keys themselves. */
        NewAws: {
            /** @description Where the key's id is. */
            access_key_id: string;
            /** @description The region that is called; absent where the address names it. */
            region?: string | null;
            /** @description Where the key is. */
            secret_access_key: string;
            /** @description Where a session's token is, for keys that were given for a time. */
            session_token?: string | null;
        };
        /** @description Why emergency rights are needed. */
        NewBreakGlass: {
            /** @description At least ten characters; it stays on record. */
            reason: string;
        };
        /** @description A cap to set or raise. */
        NewCap: {
            /** @description US dollars: the new cap, or what to add to it. `none` lifts the cap and only counts. */
            amount: string;
            /** @description The agent's or person's name, or the id of whatever else it is; not needed for the tenant. */
            name?: string;
            /** @description `request`, `day`, `week`, `month` or `total`; `day` where absent. */
            period?: string | null;
            /**
             * @description US dollars: the most that a window gets of what the one before did not use; `none` for nothing. As it
             *     was where absent.
             */
            rollover?: string | null;
            /** @description `agent`, `tenant`, `user`, `key`, `session`, `task`, `model` or `provider`; `agent` where absent. */
            scope?: string | null;
            /** @description Refuse nothing when it is reached: the cap is only shown. */
            soft?: boolean;
            /** @description Of a raise: the day or instant at which it ends; for good where absent. */
            until?: string | null;
        };
        /** @description A person's word on a definition. */
        NewDecision: {
            /** @description The hash of the definition, or how it begins; the one that waits where absent. */
            hash?: string | null;
            /** @description Why; at least ten characters. It stays on record. */
            reason: string;
        };
        /** @description An edit of the tree. */
        NewEdit: {
            /** @description The commit that the change was made on. Where the tree has moved on, nothing is done. */
            base?: string | null;
            /** @description Another branch to commit to, for review; what runs stays as it is. */
            branch?: string | null;
            /** @description What changes, at most 200 files. */
            changes: components["schemas"]["NewText"][];
            /** @description Why: the message of the commit. */
            message: string;
        };
        /** @description What to grant. What is absent is limited by the agent's policies alone; an empty list grants none. */
        NewGrant: {
            /** @description The agent on whose behalf its holder acts. */
            agent: string;
            /**
             * Format: int32
             * @description Seconds until it ends: 1 to 86400; an hour where absent.
             */
            expires_seconds?: number | null;
            /** @description The highest label of content that it may be used with. */
            label?: string | null;
            /** @description What all its calls together may cost, in US dollars. */
            max_cost?: string | null;
            /**
             * Format: int64
             * @description The most output tokens of one call.
             */
            max_tokens?: number | null;
            /** @description Memory layers, `L0` to `L4`. */
            memory?: string[] | null;
            /** @description Ids or aliases of models. */
            models?: string[] | null;
            /** @description The run that it is bound to, `run_...`. */
            run?: string | null;
            /** @description The sandbox profile. */
            sandbox?: string | null;
            /** @description The session that it is bound to, `ses_...`. */
            session?: string | null;
            /** @description The task that it is bound to, `tsk_...`. */
            task?: string | null;
            /** @description Ids of tools. */
            tools?: string[] | null;
        };
        /** @description Whose key to make. */
        NewKey: {
            /** @description The agent's name. */
            agent: string;
            /**
             * Format: int32
             * @description Seconds until it is refused; never where absent.
             */
            expires_seconds?: number | null;
        };
        /** @description A model to register at run time. A file in the tree does the same and is reviewed. */
        NewModel: {
            /** @description Other ids for it. */
            aliases?: string[];
            /**
             * @description Any of `tools`, `json_schema`, `images`, `streaming`, `reasoning`, or `embeddings` alone;
             *     `streaming` where absent.
             */
            capabilities?: string[];
            /**
             * Format: int64
             * @description Input and output tokens together; 8192 where absent.
             */
            context_tokens?: number | null;
            /** @description Models to fall back to, best first. */
            fallbacks?: string[];
            /** @description The id that callers and policies use. */
            id: string;
            /**
             * Format: int64
             * @description Output tokens of one answer; half of the context where absent, none of a model for embeddings.
             */
            max_output_tokens?: number | null;
            /**
             * @description US dollars per million input tokens, `0` for a model of your own; the catalogue's price
             *     where absent. A model without any price is refused under a hard cap.
             */
            price_input?: string | null;
            /** @description US dollars per million output tokens. */
            price_output?: string | null;
            /** @description The name of a registered provider. */
            provider: string;
            /**
             * Format: int32
             * @description How good it is, 0 to 100; 50 where absent.
             */
            quality?: number | null;
            /** @description `small`, `medium` or `large`; `medium` where absent. */
            size?: string | null;
            /** @description Its name at the provider; the id where absent. */
            upstream?: string | null;
        };
        /** @description Whom to give a token. */
        NewPerson: {
            /** @description Roles and groups in policies, such as `infra-admin`, `operator`, `agent-owner`, `auditor`. */
            groups?: string[];
            /** @description The name in policies and records. Tokens of one name are one person. */
            name: string;
        };
        /** @description A provider to register at run time. */
        NewProvider: {
            /** @description The `api-version` of Azure's paths by deployment; absent for its `/openai/v1`. */
            api_version?: string | null;
            aws?: components["schemas"]["NewAws"] | null;
            /**
             * @description Its address: with the path before `/chat/completions` for `openai` and `mistral`, the host
             *     alone for all others.
             */
            base_url: string;
            /** @description Whether the secret is a token that is sent as `Authorization: Bearer` whatever the kind. */
            bearer?: boolean;
            /**
             * @description The wire format that it speaks: `openai`, `anthropic`, `azure`, `mistral`, `gemini` or
             *     `bedrock`; `openai` where absent.
             */
            kind?: string | null;
            /** @description Whether it knows `max_tokens` and not `max_completion_tokens`. */
            legacy_max_tokens?: boolean;
            /** @description `local` or `cloud`; `cloud` where absent. `local` is a promise that data stays with you. */
            locality?: string | null;
            /** @description Its name in policies, metrics and models. */
            name: string;
            /** @description Whether it refuses to be asked for the usage of a stream (`stream_options`). */
            no_stream_usage?: boolean;
            /** @description Its privacy class, a word for policies. */
            privacy?: string;
            /**
             * Format: int32
             * @description For how many days it keeps what it is sent; absent where nobody has said.
             */
            retention_days?: number | null;
            /** @description Where its key is: `env:NAME` or `file:/path`; never the key itself. */
            secret?: string | null;
        };
        /** @description A provider's usage export. */
        NewReconciliation: {
            /** @description `1h` or `1m`: how long the buckets of a CSV export of Anthropic's are that have times of day. */
            bucket?: string | null;
            /**
             * Format: int32
             * @description How many seconds after a bucket's end the provider has counted all of it; an hour where absent.
             *     Younger buckets are left out.
             */
            complete_after_seconds?: number | null;
            /**
             * Format: int32
             * @description How near to a bucket's edge, in seconds, a call may be billed on its other side; ten minutes
             *     where absent. What is charged for such calls is no ground for a credit.
             */
            edge_seconds?: number | null;
            /**
             * @description The file's text: pages of OpenAI's `/v1/organization/usage/completions` or of Anthropic's
             *     `/v1/organizations/usage_report/messages`, or the CSV export of either's console.
             */
            export: string;
            /** @description The file's name, for messages and the record. */
            file?: string;
            /**
             * @description The registered provider that it is of. Where absent, the one called as whose form it has, or
             *     else the only one that speaks its format.
             */
            provider?: string | null;
        };
        /** @description What became of an effect. */
        NewResolution: {
            /** @description Its key, as the list has it. */
            key: string;
            /**
             * @description `happened`: go on behind it. `retry`: it did not happen, do it again. `abort`: it must not happen, the
             *     task fails.
             */
            resolution: string;
        };
        /** @description Where to go back to. */
        NewRollback: {
            /** @description A commit of the history; the one before the newest where absent. */
            commit?: string | null;
            /** @description Why: the message of the new commit. */
            message?: string | null;
        };
        /** @description A text to search, or several. */
        NewScan: {
            /** @description Kinds and families to look for; everything where absent. */
            kinds?: string[] | null;
            /** @description The text. */
            text?: string | null;
            /** @description Several texts, each searched by itself, in place of `text`; at most 100. */
            texts?: string[] | null;
        };
        /** @description What a person says of a session. */
        NewSessionLabel: {
            /** @description The label that it gets, which is below the one that it has: `public`, `internal` or `sensitive`. */
            lower_to: string;
            /** @description Why; at least ten characters. It stays on record. */
            reason: string;
        };
        /** @description Why a task is stopped. */
        NewStop: {
            /** @description Why. It stays on record, and the conversation is told. */
            reason?: string;
        };
        /** @description The new text of one file. */
        NewText: {
            /** @description The file's path in the tree. */
            path: string;
            /** @description Its text; `null` removes it. */
            text?: string | null;
        };
        /** @description What a person says to a question. */
        NewVote: {
            /** @description Of a yes to a question about a budget: how much more, in US dollars. */
            amount?: string | null;
            /** @description Why. */
            reason?: string;
            /** @description The role to vote in; every role that is asked for and that the person has where absent. */
            role?: string | null;
            /** @description Of a yes to a question about a budget: the day or instant at which the raise ends. */
            until?: string | null;
        };
        /** @description What is decided. */
        OutcomeView: {
            /** @description Whether it is permitted. */
            permitted: boolean;
            /** @description The name of a denial's reason. */
            reason?: string | null;
            /** @description The same for people, with what a permit obliges to. */
            told: string;
        };
        /** @description What is configured and what answers. */
        Overview: {
            /** @description The admin API's address as set. */
            admin: string;
            /** @description How many agents there are. */
            agents: number;
            /** @description The kind of bus. */
            bus: string;
            /** @description The kind of database. */
            database: string;
            /** @description Whether it answers. */
            database_ok: boolean;
            /**
             * Format: int64
             * @description Events that wait for the bus.
             */
            events_waiting?: number | null;
            /** @description The data plane's address as set. */
            gateway: string;
            /** @description How many models are registered. */
            models: number;
            /** @description Which commit is in force. */
            policy: components["schemas"]["PolicyStatus"];
            /** @description Every provider. */
            providers: components["schemas"]["ProviderHealth"][];
            /** @description The Redis that gateways share: `answers`, `does not answer` or `not configured`. */
            redis?: string;
            /** @description Whether the built-in simulator answers. */
            simulator: boolean;
            /** @description The folder of the state. */
            state: string;
            /** @description The version of this program. */
            version: string;
        };
        /** @description People by their tokens. */
        PersonList: {
            /** @description Oldest first. */
            people: components["schemas"]["PersonView"][];
        };
        /** @description One token of a person, without its secret. */
        PersonView: {
            /** @description When it was made. */
            created_at: string;
            /** @description From when on it is refused: with the emergency rights under which it was made. */
            expires_at?: string | null;
            /** @description The person's groups, where the person comes with this token. */
            groups: string[];
            /** @description The token's public half. */
            id: string;
            /** @description The person's name. */
            name: string;
            /** @description When it was revoked. */
            revoked_at?: string | null;
        };
        /** @description A policy and where it stands. */
        PlaceView: {
            /** @description The file. */
            file: string;
            /** @description Its id. */
            id: string;
            /** @description The line, from 1. */
            line: number;
        };
        /** @description What to check. */
        PolicyCheck: {
            /** @description The commit that `changes` are laid over; the newest where absent. */
            base?: string | null;
            /** @description Changes that no commit has yet, at most 200 files. Nothing is kept of them. */
            changes?: components["schemas"]["NewText"][];
            /**
             * @description A commit of the tree by its id, a branch, a tag, or `HEAD~1`; the files as they lie in its
             *     folder where absent.
             */
            commit?: string | null;
        };
        /** @description What a change of policies changes. */
        PolicyDiff: {
            /** @description With what. */
            after: string;
            /** @description What was compared: a commit or a folder. */
            before: string;
            /** @description The layers that decide differently, or of which nobody knows. */
            layers: components["schemas"]["LayerView"][];
            replay?: components["schemas"]["ReplayView"] | null;
            /** @description Whether more may be permitted than before. What nobody knows counts. */
            widens: boolean;
        };
        /** @description An edit that is a commit. */
        PolicyEdited: {
            /** @description The one before it. */
            base: string;
            /** @description The other branch that it went to. */
            branch?: string | null;
            /** @description The commit. */
            commit: string;
            /** @description Whether it is in force now. */
            in_force: boolean;
        };
        /** @description The decisions about a call, explained. */
        PolicyExplanation: {
            /** @description The agent. */
            agent: string;
            /** @description The commit that decides. */
            commit: string;
            /** @description Each model. */
            models: components["schemas"]["ExplainedModel"][];
        };
        /** @description The files of a commit. */
        PolicyFiles: {
            /** @description The commit: the `base` of an edit. */
            commit: string;
            /** @description The paths of all files. */
            paths: string[];
            /** @description The text of the file that was asked for. */
            text?: string | null;
        };
        /** @description Commits of the tree. */
        PolicyLog: {
            /** @description Newest first. */
            commits: components["schemas"]["CommitView"][];
        };
        /** @description A call to explain. What is absent is as harmless as it can be. */
        PolicyQuestion: {
            /** @description The agent that would call. */
            agent: string;
            /**
             * Format: int64
             * @description Model calls of the session before this one.
             */
            calls?: number;
            /** @description Whether only the plan is asked for. */
            dry_run?: boolean;
            /** @description The path; `/v1/chat/completions` where absent. */
            endpoint?: string | null;
            /** @description Whether there are images. */
            images?: boolean;
            /**
             * Format: int64
             * @description The length of the input, in tokens.
             */
            input_tokens?: number;
            /** @description Whether the content may be trusted; `trusted` where absent. */
            integrity?: string | null;
            /** @description The kinds of data that are found in it. */
            kinds?: string[];
            /** @description How confidential the content is; `public` where absent. */
            label?: string | null;
            /**
             * Format: int64
             * @description The limit on output tokens that the caller gives.
             */
            max_output_tokens?: number | null;
            /** @description The model, by its id or an alias; every registered one where absent. */
            model?: string | null;
            /** @description What is left of the tightest budget, in US dollars. */
            remaining?: string | null;
            /** @description Whether the answer is streamed. */
            stream?: boolean;
            tool?: components["schemas"]["ToolQuestion"] | null;
            /** @description Whether tools are offered. */
            tools?: boolean;
            /**
             * Format: int32
             * @description How much of it is spent or held, 0 to 100.
             */
            used_percent?: number;
        };
        /** @description What a check found. */
        PolicyReport: {
            /** @description Agents by name. */
            agents: string[];
            /** @description What was checked: a commit, or the folder. */
            checked: string;
            /** @description Everything that is wrong. */
            faults: components["schemas"]["FaultView"][];
            /** @description Models that the tree registers. */
            models: number;
            /** @description What is legal and looks wrong. */
            notes: string[];
            /** @description Whether it would load. */
            ok: boolean;
            /** @description Files of Cedar policies. */
            policy_files: number;
            /** @description Providers that the tree registers. */
            providers: number;
            /** @description Tool servers. */
            tool_servers: number;
        };
        /** @description The schema that every policy is checked against. */
        PolicySchema: {
            /** @description In Cedar's own language. */
            schema: string;
        };
        /** @description Which commit is in force. */
        PolicyStatus: {
            /** @description The commit in force. */
            commit: string;
            /** @description What is wrong with it. */
            faults: components["schemas"]["FaultView"][];
            /** @description What an operator should look at. */
            notes: string[];
            /** @description A newer commit that did not load. */
            rejected?: string | null;
            /** @description The remote that the tree follows. */
            remote?: string | null;
            /** @description Why it did not at the last look. */
            sync_error?: string | null;
            /** @description When the remote last answered, RFC 3339. */
            synced_at?: string | null;
            /** @description The folder of the git tree. */
            tree: string;
            /** @description Files with changes that no commit holds, and which therefore do not run. */
            uncommitted: string[];
        };
        /** @description What tokens cost in a class of service other than the standard one. */
        PriceClass: {
            /** @description `flex`, `priority` or `batch`. */
            class: string;
            /** @description What a million tokens cost. */
            rates: components["schemas"]["PriceRates"];
            /** @description What they cost once the input is longer, shortest first. */
            tiers: components["schemas"]["PriceTier"][];
        };
        /** @description A model with its price. */
        PricedModel: {
            /** @description What they cost in other classes of service. In one that is not here nothing can be asked for. */
            classes: components["schemas"]["PriceClass"][];
            /** @description What is paid less than what follows: a percentage such as `12.50%`. */
            discount?: string | null;
            /** @description Whether it may be used at all. */
            enabled: boolean;
            /** @description Where it was written, for one from the tree. */
            file?: string | null;
            image?: components["schemas"]["Money"] | null;
            /** @description The id that callers use. */
            model: string;
            /**
             * @description The id of its price, as ledger and audit name it; absent where no price is known. Such a
             *     model cannot be called: nobody could say what a call may cost.
             */
            price?: string | null;
            /** @description Its provider. */
            provider: string;
            rates?: components["schemas"]["PriceRates"] | null;
            request?: components["schemas"]["Money"] | null;
            search?: components["schemas"]["Money"] | null;
            second?: components["schemas"]["Money"] | null;
            /** @description What they cost once the input is longer, shortest first. */
            tiers: components["schemas"]["PriceTier"][];
            /** @description Its name at the provider, by which the catalogue knows it. */
            upstream: string;
        };
        /** @description Prices. */
        PriceList: {
            /** @description Every registered model, by id. */
            models: components["schemas"]["PricedModel"][];
        };
        /** @description What a million tokens of each kind cost. What is absent is not known, and cannot be asked for. */
        PriceRates: {
            audio_input?: components["schemas"]["Money"] | null;
            audio_output?: components["schemas"]["Money"] | null;
            cache_write?: components["schemas"]["Money"] | null;
            cache_write_1h?: components["schemas"]["Money"] | null;
            cached_audio?: components["schemas"]["Money"] | null;
            cached_input?: components["schemas"]["Money"] | null;
            image_input?: components["schemas"]["Money"] | null;
            image_output?: components["schemas"]["Money"] | null;
            input?: components["schemas"]["Money"] | null;
            output?: components["schemas"]["Money"] | null;
            reasoning?: components["schemas"]["Money"] | null;
        };
        /** @description Rates for long inputs. */
        PriceTier: {
            /**
             * Format: int64
             * @description They apply to the whole request when its input has more tokens than this.
             */
            above_tokens: number;
            /** @description What a million tokens then cost. */
            rates: components["schemas"]["PriceRates"];
        };
        /** @description What a model costs. */
        PriceView: {
            /** @description The row of the catalogue or registration. */
            id: string;
            /** @description A million input tokens. */
            input: components["schemas"]["Money"];
            /** @description A million output tokens. */
            output: components["schemas"]["Money"];
            /** @description A second, or part of one, that a call takes. */
            second: components["schemas"]["Money"];
        };
        /** @description What was found. */
        Probed: {
            /**
             * @description Every provider that is registered, then every server that answers and is not, and every provider
             *     whose key is in the environment.
             */
            providers: components["schemas"]["ProbedProvider"][];
        };
        /** @description A model of a provider that was asked. */
        ProbedModel: {
            /** @description What it can do, as the server tells or else as registered. */
            capabilities: string[];
            /**
             * Format: int64
             * @description Input and output tokens together, as the server tells or else as registered.
             */
            context_tokens?: number | null;
            /** @description What the server tells otherwise than it is registered. */
            differs: components["schemas"]["Difference"][];
            /** @description The id that it has or would have. */
            id: string;
            /** @description `git`, `runtime`, `discovered` or `simulator`; absent where it is not registered. */
            origin?: string | null;
            /** @description Whether it is registered. */
            registered: boolean;
            /** @description Whether its provider tells of it; absent where it does not, and does not tell of all either. */
            served?: boolean | null;
        };
        /** @description A provider that was asked. */
        ProbedProvider: {
            /** @description Where it answers. */
            base_url: string;
            /** @description `answers`, `refuses the key`, `does not answer`, ...; absent for one that is not registered. */
            health?: string | null;
            /** @description `local` or `cloud`. */
            locality: string;
            /** @description Its registered models and those that it tells of, by id. */
            models: components["schemas"]["ProbedModel"][];
            /** @description Its name. */
            name: string;
            /** @description Whether it is registered now; what was started later is taken up at the next start. */
            registered: boolean;
        };
        /** @description What came of a tree's invariants. */
        ProofReport: {
            /** @description What was examined: a commit, or a folder. */
            checked: string;
            /** @description Mistakes of the tree, which keep everything from being proved. */
            faults: components["schemas"]["FaultView"][];
            /** @description Why there is none, and how to get it. */
            no_solver?: string | null;
            /** @description Whether everything that binds is proved. */
            ok: boolean;
            /** @description Every statement, in the order of the files. */
            proofs: components["schemas"]["ProofView"][];
            /** @description The version of the solver, where there is one. */
            solver?: string | null;
        };
        /** @description One statement about the policies, and what came of it. */
        ProofView: {
            /** @description Whether a commit that breaks it is refused. */
            binding: boolean;
            /** @description Whether the answer was remembered. */
            cached: boolean;
            /** @description A request that breaks it, in Cedar's JSON. */
            example?: Record<string, never> | null;
            /** @description Where it stands. */
            file: string;
            /** @description Its name. */
            id: string;
            /** @description The line, from 1. */
            line: number;
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            ms: number;
            /** @description The same in a few lines. */
            shown?: string | null;
            /** @description What a refuted or unknown one means. */
            told: string;
            /** @description `proved`, `refuted` or `unknown`. */
            verdict: string;
        };
        /** @description A provider, and whether it answers. */
        ProviderHealth: {
            /**
             * @description `answers`, `refuses the key`, `does not answer`, `answers with status N`; absent where it
             *     was not asked.
             */
            health?: string | null;
            /** @description The provider. */
            provider: components["schemas"]["ProviderView"];
        };
        /** @description Providers. */
        ProviderList: {
            /** @description By name. */
            providers: components["schemas"]["ProviderView"][];
        };
        /** @description One provider. */
        ProviderView: {
            /** @description Where it answers. */
            base_url: string;
            /** @description Where it was written, for one from the tree. */
            file?: string | null;
            /** @description The wire format that it speaks. */
            kind: string;
            /** @description `local` or `cloud`. */
            locality: string;
            /** @description How many of its models are registered. */
            models: number;
            /** @description Its name. */
            name: string;
            /** @description `git`, `runtime`, `discovered` or `simulator`. */
            origin: string;
            /** @description Its privacy class. */
            privacy: string;
            /** @description Whether the key could be had. A provider that needs none has it. */
            ready: boolean;
            /**
             * Format: int32
             * @description For how many days it keeps what it is sent; absent where nobody has said.
             */
            retention_days?: number | null;
            /** @description Where its key is; never the key. */
            secret?: string | null;
            /** @description Whether it is the built-in simulator, which invents its answers. */
            simulator: boolean;
        };
        /** @description More money for a while. */
        RaiseView: {
            /** @description How much more each of them has. */
            amount: components["schemas"]["Money"];
            /** @description The question to people that it answers. */
            approval?: string | null;
            /** @description When it ends. */
            ends: string;
            /** @description Its id. */
            id: string;
            /** @description Who made it. */
            made_by: string;
            /** @description The agent's name, or the id of whatever else spends. */
            name: string;
            /** @description Whose windows it is in. */
            period: string;
            /** @description The kind of spender. */
            scope: string;
        };
        /** @description What was found of one model. */
        ReconciledModel: {
            /**
             * Format: int64
             * @description Buckets that were compared.
             */
            buckets: number;
            /** @description What calls are credited and charged that we counted. */
            counted: components["schemas"]["Money"];
            /** @description What we charged beyond what the provider billed. */
            difference: components["schemas"]["Money"];
            /**
             * @description The differences of all buckets, whatever their sign, as far as they are rounding or within what
             *     ran across a bucket's edge. They stay.
             */
            edges: components["schemas"]["Money"];
            /** @description How much of the differences is explained, in percent, such as `99.98`; rounded down. */
            explained_percent: string;
            /** @description The ids of ours that it is. */
            ids: string[];
            /** @description Its name at the provider, without the date of a snapshot where it is registered so. */
            model: string;
            /** @description What we charged. */
            ours: components["schemas"]["Money"];
            /** @description The same of calls that were charged provisionally, as their process was gone. */
            provisional: components["schemas"]["Money"];
            /** @description What the provider's tokens cost at our prices. */
            theirs: components["schemas"]["Money"];
            /** @description What we charged beyond what the provider billed and nothing explains. It is never booked. */
            unexplained: components["schemas"]["Money"];
            /** @description The same of calls that were charged their whole hold. */
            worst_case: components["schemas"]["Money"];
        };
        /** @description A provider's export beside the ledger. Amounts of credits are below zero. */
        Reconciliation: {
            /** @description Models of ours that were called in these buckets and that the export does not name. */
            absent: components["schemas"]["Absent"][];
            booked?: components["schemas"]["BookedShares"] | null;
            /**
             * Format: int64
             * @description How many calls are credited or charged.
             */
            calls: number;
            /** @description The file, as it was named. */
            file: string;
            /** @description The first instant of what was compared; absent where nothing was. */
            from?: string | null;
            /** @description Buckets that were not compared, and why. */
            left_out: components["schemas"]["LeftOut"][];
            /** @description Each model that the export names and the registry knows, by its name at the provider. */
            models: components["schemas"]["ReconciledModel"][];
            /** @description What else should be looked at. */
            notes: string[];
            /** @description The provider that it is of. */
            provider: string;
            /** @description The first instant after it. */
            to?: string | null;
            /** @description All of them together. */
            total: components["schemas"]["ReconciledModel"];
            /** @description Models that the export names and none of ours is. */
            unmatched: components["schemas"]["UnmatchedModel"][];
        };
        /** @description The body of every refusal. */
        Refusal: {
            /** @description The refusal itself. */
            error: components["schemas"]["Fault"];
        };
        /** @description One recorded call that would be decided differently. */
        ReplayedView: {
            /** @description What the other says. */
            after: string;
            /** @description The agent that called. */
            agent: string;
            /** @description What the one set of policies says. */
            before: string;
            /** @description The model or tool. */
            model: string;
            /** @description The request. */
            request: string;
        };
        /** @description What the decisions on record would have been. */
        ReplayView: {
            /**
             * Format: int64
             * @description Calls that are newly denied.
             */
            denies: number;
            /**
             * Format: int64
             * @description Calls that are permitted under other obligations.
             */
            obliges: number;
            /**
             * Format: int64
             * @description Calls of models and tools that are newly permitted.
             */
            permits: number;
            /**
             * Format: int64
             * @description Decisions that were asked again.
             */
            replayed: number;
            /**
             * Format: int64
             * @description Decisions whose records do not say enough to.
             */
            skipped: number;
            /** @description The first of them. */
            told: components["schemas"]["ReplayedView"][];
        };
        /** @description A request that ended or was refused. */
        RequestLine: {
            /** @description `callModel` or `callTool`. */
            action: string;
            /** @description Who asked, by name where it is an agent of the tree. */
            agent: string;
            /** @description When it ended. */
            at: string;
            /** @description Whether an earlier answer was given again. */
            cached: boolean;
            cost?: components["schemas"]["Money"] | null;
            /** @description The API key or the capability grant that it called with, by its id. */
            credential?: string | null;
            /** @description Its id, `req_...`. */
            id: string;
            /**
             * Format: int64
             * @description Input tokens.
             */
            input_tokens?: number | null;
            /** @description The label of what was asked. */
            label?: string | null;
            /**
             * Format: int64
             * @description From the first byte to the end, in milliseconds.
             */
            ms?: number | null;
            /** @description `ok`, or the code of an error. */
            outcome: string;
            /**
             * Format: int64
             * @description Output tokens.
             */
            output_tokens?: number | null;
            /** @description The provider that answered. */
            provider?: string | null;
            /** @description The model or the tool. */
            resource: string;
            /**
             * Format: int64
             * @description The place of its last record in the audit chain.
             */
            seq: number;
            /** @description The session. */
            session?: string | null;
            /** @description Who answers for the agent, where the tree still has it. */
            user?: string | null;
        };
        /** @description Some requests. */
        RequestList: {
            /** @description Newest first. */
            lines: components["schemas"]["RequestLine"][];
            /**
             * Format: int64
             * @description What `before` of the next call is; absent where there are no more.
             */
            next?: number | null;
        };
        /** @description A request. */
        RequestStory: {
            /** @description Who asked, by name where it is an agent of the tree. */
            agent: string;
            /** @description The rows of the ledger that it was charged with, corrections included. */
            charges: components["schemas"]["ChargeView"][];
            /** @description Its id. */
            id: string;
            /**
             * @description Its records in their order: what was decided and why, each attempt, how it ended. Texts of a request are in
             *     them only where policy has them recorded (`@log("full")`).
             */
            records: components["schemas"]["StoryRecord"][];
        };
        /** @description How many grants were revoked. */
        RevokedGrants: {
            /**
             * Format: int64
             * @description How many.
             */
            revoked: number;
        };
        /** @description How to replace a key. */
        Rotation: {
            /**
             * Format: int32
             * @description Seconds for which the old key goes on; a day where absent, 0 ends it at once.
             */
            overlap_seconds?: number | null;
        };
        /** @description What was found. */
        Scanned: {
            /** @description The commit whose settings and detectors looked. */
            commit: string;
            /** @description False where something was not looked at; the label is `restricted` then. */
            complete: boolean;
            /** @description Everything, in the order of texts and positions. */
            findings: components["schemas"]["FindingView"][];
            /** @description The label of all texts together. */
            label: string;
        };
        /** @description Conversations. */
        SessionList: {
            /** @description Those first in which something happened last. */
            sessions: components["schemas"]["SessionRow"][];
        };
        /** @description One conversation. */
        SessionRow: {
            /** @description When something last happened in it. */
            active_at: string;
            /** @description The task that is worked on. */
            active_task?: string | null;
            /** @description The agent's id. */
            agent: string;
            /** @description Such as `webchat`. */
            connector: string;
            /** @description When it was begun. */
            created_at: string;
            /** @description Its id. */
            id: string;
            /**
             * Format: int64
             * @description How many messages came.
             */
            messages: number;
            /** @description Who began it. */
            person: string;
            /** @description Whether everybody who wrote in it is trusted. */
            trusted: boolean;
            /**
             * Format: int64
             * @description How many of them wait for their turn.
             */
            waiting: number;
        };
        /** @description What is known of a session. */
        SessionView: {
            flow?: components["schemas"]["FlowView"] | null;
            /** @description Its id. */
            id: string;
            /** @description Whether what it has seen may be trusted: `trusted` or `untrusted`. */
            integrity: string;
            /** @description The highest of what was seen in it, or what a person said since. */
            label: string;
            /** @description Why. */
            reason?: string | null;
            /** @description The request that raised it. */
            request?: string | null;
            /** @description Who lowered it. */
            set_by?: string | null;
            /** @description Since when it has its label; nothing where it is that of every session. */
            since?: string | null;
        };
        /** @description The settings of this process. */
        SettingList: {
            /** @description Every setting, section by section. */
            settings: components["schemas"]["SettingView"][];
        };
        /** @description One setting. */
        SettingView: {
            /** @description What it is for. */
            help: string;
            /** @description Its path, such as `gateway.listen`. */
            key: string;
            /** @description `default`, a file with its line, or the name of an environment variable. */
            origin: string;
            /** @description Its value as TOML; absent where it is not set. What may be a secret is `(set)`. */
            value?: string | null;
        };
        /** @description What opens a session. */
        SignIn: {
            /** @description The admin token, `ora_...`. */
            token: string;
        };
        /** @description From the first position to before the second, from 0. */
        SpanView: {
            /** @description After the last. */
            end: number;
            /** @description The first. */
            start: number;
        };
        /** @description One curve. */
        SpendCurve: {
            /** @description Attempts that were charged in each stretch. */
            calls: number[];
            /** @description The provider, model, agent, person, key or tenant; `-` where there is no person or key, `other` for the rest. */
            name: string;
            /** @description Nano-dollars in each stretch. */
            nanos: number[];
        };
        /** @description What a window will have cost at its end. */
        SpendForecast: {
            /**
             * @description What will have been spent at its end, if the rest goes on as the last whole days did, at
             *     most seven of them; as the window so far, where there is no whole day yet.
             */
            amount: components["schemas"]["Money"];
            /** @description The first instant after it. */
            ends: string;
            /** @description How long the window is: `month`. */
            period: string;
            /** @description What was spent in it so far. */
            spent: components["schemas"]["Money"];
            /** @description Its first instant. */
            starts: string;
        };
        /** @description One line of a report. */
        SpendLine: {
            /** @description What they cost. */
            amount: components["schemas"]["Money"];
            /**
             * Format: int64
             * @description Input tokens read from a cache.
             */
            cached_tokens: number;
            /**
             * Format: int64
             * @description Attempts that were charged.
             */
            calls: number;
            /**
             * Format: int64
             * @description Those of them that ended without an answer or with a broken one.
             */
            errors: number;
            /**
             * Format: int64
             * @description Input tokens, cached ones included.
             */
            input_tokens: number;
            /** @description The provider, model, agent, person, key, tenant or day; `-` where there is no person or key. */
            name: string;
            /**
             * Format: int64
             * @description Output tokens, reasoning included.
             */
            output_tokens: number;
            /** @description The part of it beyond what was held. */
            overrun: components["schemas"]["Money"];
            /**
             * Format: int64
             * @description What half of the calls that were answered took at most, in milliseconds, on the days that
             *     the report touches; at most a quarter too high. Absent where no time was measured.
             */
            p50_ms?: number | null;
            /**
             * Format: int64
             * @description The same of 99 in a hundred.
             */
            p99_ms?: number | null;
            /** @description The part of it that is provisional or was corrected from a provisional charge. */
            provisional: components["schemas"]["Money"];
            /**
             * Format: int64
             * @description Output tokens spent on reasoning.
             */
            reasoning_tokens: number;
            /**
             * @description What the same tokens would have cost more at the models that were asked for, or where the router was asked to
             *     choose, at the dearest that it might have chosen; less than nothing where fallbacks were dearer.
             */
            routed: components["schemas"]["Money"];
            /** @description What input from the providers' caches would have cost more as plain input. */
            saved: components["schemas"]["Money"];
        };
        /** @description A report. */
        SpendReport: {
            /** @description What the lines are of. */
            by: string;
            /** @description What the running month will have cost at its end. */
            forecast: components["schemas"]["SpendForecast"];
            /** @description The first instant that counts. */
            from: string;
            /** @description Days in order, all else dearest first. */
            lines: components["schemas"]["SpendLine"][];
            /** @description The first instant that does not count any more. */
            to: string;
            /** @description Everything together. */
            total: components["schemas"]["Money"];
        };
        /** @description Curves over the same instants. */
        SpendSeries: {
            /** @description `hour` or `day`. */
            bucket: string;
            /** @description What the curves are of. */
            by: string;
            /** @description Dearest first: at most twelve, and `other` for the rest together. */
            series: components["schemas"]["SpendCurve"][];
            /** @description The first instant of each stretch, in order and without a gap. */
            starts: string[];
        };
        /** @description One step of a run. */
        StepView: {
            /**
             * Format: int64
             * @description How often it was begun.
             */
            attempts: number;
            /** @description The class of its effect. */
            class?: string | null;
            /**
             * Format: int64
             * @description What it cost over all attempts, in nano-dollars; absent where it cost nothing of its own.
             */
            cost_nanos?: number | null;
            /** @description Where its effect stands. */
            effect?: string | null;
            /** @description When it ended. */
            ended_at?: string | null;
            /** @description `model`, `tool`, `summary`, `subagent` or `message`. */
            kind: string;
            /**
             * Format: int32
             * @description Its number.
             */
            no: number;
            /** @description The request that it made last, `req_...`. */
            request?: string | null;
            /** @description When it was last begun. */
            started_at: string;
            /** @description `started`, `done`, `failed`, `waiting` or `unknown`. */
            state: string;
            /** @description The tool or connector that it has an effect by. */
            what?: string | null;
        };
        /** @description A record of the audit chain with its proof. */
        StoryRecord: components["schemas"]["AuditView"] & {
            /** @description Whether its hash is that of its content. `GET /api/v1/audit/verify` checks its place in the chain as well. */
            whole: boolean;
        };
        /** @description One task with its run. */
        TaskDetail: {
            /**
             * Format: int64
             * @description What it cost so far, in nano-dollars.
             */
            cost_nanos: number;
            /** @description The capability grant that the run calls with, once it has one: `credential` of the list of requests. */
            grant?: string | null;
            /**
             * Format: int64
             * @description Tokens that models read.
             */
            input_tokens: number;
            /**
             * Format: int64
             * @description Tokens that models wrote.
             */
            output_tokens: number;
            /** @description Its run; nothing before it has one. */
            run?: string | null;
            /** @description Where the run stands. */
            run_state?: string | null;
            /** @description The profile of the sandbox that the agent's commands run in, as the tree in force has it. */
            sandbox?: string | null;
            /** @description Its steps, in order. */
            steps: components["schemas"]["StepView"][];
            /** @description The task. */
            task: components["schemas"]["TaskView"];
            /**
             * Format: int64
             * @description Calls of tools.
             */
            tool_calls: number;
            /** @description The worker that has it, or had it last. */
            worker?: string | null;
        };
        /** @description Tasks. */
        TaskList: {
            /** @description Newest first. */
            tasks: components["schemas"]["TaskView"][];
        };
        /** @description One task. */
        TaskView: {
            /** @description The agent's id. */
            agent: string;
            /**
             * Format: int64
             * @description How often it was put into the queue since a person last asked for it.
             */
            attempts: number;
            /** @description The commit whose policies permitted it. */
            commit: string;
            /** @description When it was made. */
            created_at: string;
            /** @description When it fails by itself. */
            deadline_at?: string | null;
            /** @description When it was over. */
            ended_at?: string | null;
            /** @description Its id. */
            id: string;
            /** @description `message`, `schedule` or `subagent`. */
            kind: string;
            /** @description The run that asked for it. */
            parent_run?: string | null;
            /** @description On whose behalf it is done. */
            person: string;
            /** @description Why it was denied, failed, stopped or waits. */
            reason?: string | null;
            /** @description Its conversation. */
            session?: string | null;
            /** @description Where it stands. */
            state: string;
            /** @description The approval or `children` that it waits for. */
            waiting_for?: string | null;
        };
        /** @description One reason for a score. */
        TermView: {
            /** @description Such as `shape`, `checksum` or `cue_word`. */
            name: string;
            /**
             * Format: int32
             * @description What it adds or takes away.
             */
            points: number;
        };
        /** @description How the decision cases of a tree ended. */
        TestReport: {
            /** @description Every case, in the order of the files. */
            cases: components["schemas"]["CaseView"][];
            /** @description What was tested: a commit, or a folder. */
            checked: string;
            /** @description Mistakes of the tree, which keep every case from being asked. */
            faults: components["schemas"]["FaultView"][];
            /** @description Whether every case got its answer. */
            ok: boolean;
        };
        /** @description One tool with its definitions. */
        ToolDetail: components["schemas"]["ToolView"] & {
            /** @description Every definition that is known: what is offered first, then what was seen last. */
            definitions: components["schemas"]["DefinitionView"][];
        };
        /** @description Tools. */
        ToolList: {
            /** @description By server and name. */
            tools: components["schemas"]["ToolView"][];
        };
        /**
         * @description What matters of a call of a tool, beside what matters of every call. What is absent is as harmless as it can
         *     be.
         */
        ToolQuestion: {
            /** @description The hosts that the arguments name. */
            destinations?: string[];
            /** @description The tool by its server's name and its own, such as `mail.send`. */
            id: string;
            /** @description Its arguments: an object. Policies about this tool alone read them. */
            input?: {
                [key: string]: unknown;
            };
            /** @description Whether every one is in the user's own words. */
            named_by_user?: boolean;
            /** @description Whether one of them is private or cannot be read. */
            private?: boolean;
            /** @description The servers whose results the session has seen. */
            sources?: string[];
            /** @description The names of arguments that stand in what the user wrote. */
            trusted?: string[];
            /** @description The names of arguments that stand in no text that was seen. */
            unmatched?: string[];
            /** @description The names of arguments that stand in what nobody vouches for. */
            untrusted?: string[];
        };
        /** @description One tool. */
        ToolView: {
            /** @description What a call does: `read`, `write`, `egress`, `contained`, `money`, `infra` or `unknown`. */
            effect: string;
            /** @description What a person should know of what is offered, or of what waits. */
            flags: string[];
            /** @description The hash of what is offered. */
            hash?: string | null;
            /** @description Whether the tree hides it. */
            hidden: boolean;
            /** @description Its name in policies, such as `mail.send`. */
            id: string;
            /**
             * @description `pinned` by the tree, `approved` at run time, `function` that callers run, or `none`: then nobody is
             *     offered it.
             */
            offered: string;
            /**
             * @description How many definitions were rejected that servers gave since, or in whose place none is offered: calls of the
             *     tool are refused as long as one of them is what the server gives.
             */
            rejected?: number;
            /** @description Whether a call may be made again: `pure`, `idempotent`, `readback` or `once`. */
            replay: string;
            /** @description Its server. */
            server: string;
            /** @description Its own name. */
            tool: string;
            /** @description Whether its results are the organisation's own word. */
            trusted: boolean;
            /** @description How many definitions servers gave that wait for a decision. */
            waiting: number;
        };
        /** @description A model that the export names and none of ours is. */
        UnmatchedModel: {
            /**
             * Format: int64
             * @description Tokens in.
             */
            input_tokens: number;
            /** @description The provider's name of it. */
            model: string;
            /**
             * Format: int64
             * @description Tokens out.
             */
            output_tokens: number;
            /**
             * Format: int64
             * @description Calls, where the export counts them; else 0.
             */
            requests: number;
        };
        /** @description What one person said. */
        VoteView: {
            /** @description When. */
            at: string;
            /** @description `approve` or `deny`. */
            decision: string;
            /** @description Who. */
            person: string;
            /** @description Why; may be empty. */
            reason: string;
            /** @description In which roles. */
            roles: string[];
        };
        /** @description A question to people that an operation waits for. */
        Waiting: {
            /** @description From when on it can be neither answered nor used. */
            expires_at: string;
            /** @description Its id, `apr_...`. */
            id: string;
            /**
             * Format: int32
             * @description How many different people must approve.
             */
            quorum: number;
            /** @description Each of these roles must be among the people who approve. */
            roles: string[];
            /** @description Where it stands. */
            status: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentList"];
                };
            };
        };
    };
    post_agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAgent"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
        };
    };
    get_agents_by_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The agent's name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
        };
    };
    get_approvals: {
        parameters: {
            query?: {
                /** @description Only of this kind: `model_call`, `tool_call`, `admin`, `budget` or `break_glass`. */
                kind?: string;
                /** @description How many, newest; 100 where absent, at most 1000. */
                limit?: number;
                /** @description Only those of the agent, person or service of this name. */
                requester?: string;
                /**
                 * @description Only those that stand there: `pending`, `approved`, `denied`, `used`, `cancelled`, `revoked`
                 *     or `expired`.
                 */
                status?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalList"];
                };
            };
        };
    };
    get_approvals_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The question's id, `apr_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
        };
    };
    post_approvals_by_id_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The question's id, `apr_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewVote"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
        };
    };
    get_approvals_by_id_arguments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The question's id, `apr_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalArguments"];
                };
            };
        };
    };
    post_approvals_by_id_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The question's id, `apr_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
        };
    };
    post_approvals_by_id_deny: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The question's id, `apr_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewVote"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
        };
    };
    get_audit: {
        parameters: {
            query?: {
                /** @description Only what this person or agent did: a person's name, an agent's name or id. */
                actor?: string;
                /** @description Only those after this number, oldest first. */
                after?: number;
                /** @description Only those before this number, the newest of them. */
                before?: number;
                /** @description From this day or instant on. */
                from?: string;
                /** @description Only of this kind: `decision`, `completion`, `admin` or `system`. */
                kind?: string;
                /** @description How many, newest; 20 where absent, at most 1000. */
                limit?: number;
                /** @description Only of this request: `req_...`. */
                request?: string;
                /** @description Up to and without this day or instant. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                };
            };
        };
    };
    get_audit_export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
        };
    };
    get_audit_verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerdict"];
                };
            };
        };
    };
    get_break_glass: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalList"];
                };
            };
        };
    };
    post_break_glass: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBreakGlass"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description It was asked before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
        };
    };
    delete_break_glass_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id, `apr_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalView"];
                };
            };
        };
    };
    get_budget: {
        parameters: {
            query?: {
                /** @description Only of this scope, at most 1000; of sessions, tasks and grants only where they are named. */
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetList"];
                };
            };
        };
    };
    put_budget: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCap"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
        };
    };
    post_budget_compare: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReconciliation"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
        };
    };
    post_budget_raise: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCap"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
        };
    };
    post_budget_reconcile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReconciliation"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
        };
    };
    get_console_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsoleView"];
                };
            };
        };
    };
    post_console_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsoleView"];
                };
            };
        };
    };
    delete_console_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    delete_console_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_dead_letters: {
        parameters: {
            query?: {
                /** @description Also those that somebody has resolved. */
                all?: boolean;
                /** @description How many; 100 where absent, at most 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterList"];
                };
            };
        };
    };
    get_dead_letters_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id, `dlt_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterView"];
                };
            };
        };
    };
    post_dead_letters_by_id_discard: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id, `dlt_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterView"];
                };
            };
        };
    };
    post_dead_letters_by_id_retry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id, `dlt_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterView"];
                };
            };
        };
    };
    post_dlp_scan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewScan"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scanned"];
                };
            };
        };
    };
    get_effects: {
        parameters: {
            query?: {
                /** @description Also those that somebody has resolved. */
                all?: boolean;
                /** @description How many; 100 where absent, at most 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectList"];
                };
            };
        };
    };
    post_effects_resolve: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewResolution"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectList"];
                };
            };
        };
    };
    get_grants: {
        parameters: {
            query?: {
                /** @description Only of this agent. */
                agent?: string;
                /** @description Only of this task. */
                task?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantList"];
                };
            };
        };
    };
    post_grants: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGrant"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeGrant"];
                };
            };
        };
    };
    delete_grants: {
        parameters: {
            query: {
                /** @description The task, `tsk_...`. */
                task: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevokedGrants"];
                };
            };
        };
    };
    delete_grants_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The grant's id, `grt_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_keys: {
        parameters: {
            query?: {
                /** @description Only of this agent. */
                agent?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
        };
    };
    post_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
        };
    };
    delete_keys_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's id, `key_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_keys_by_id_rotate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The old key's id, `key_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
        };
    };
    get_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
        };
    };
    post_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewModel"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
        };
    };
    delete_models_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The model's id, with `/` written as `%2F` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_models_by_id_refresh: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The model's id, with `/` written as `%2F` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Learnt"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
        };
    };
    post_models_probe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probed"];
                };
            };
        };
    };
    get_overview: {
        parameters: {
            query?: {
                /** @description Ask every provider whether it answers and takes its key. Costs nothing. */
                ask_providers?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
        };
    };
    get_people: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonList"];
                };
            };
        };
    };
    post_people: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPerson"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadePerson"];
                };
            };
        };
    };
    delete_people_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token's id, `tok_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyStatus"];
                };
            };
        };
    };
    post_policy_check: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyCheck"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyReport"];
                };
            };
        };
    };
    post_policy_diff: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiffQuestion"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyDiff"];
                };
            };
        };
    };
    post_policy_explain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyQuestion"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyExplanation"];
                };
            };
        };
    };
    get_policy_files: {
        parameters: {
            query?: {
                /** @description A commit or branch; the newest commit where absent. */
                commit?: string;
                /** @description The file whose text to show. */
                path?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyFiles"];
                };
            };
        };
    };
    put_policy_files: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEdit"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyEdited"];
                };
            };
        };
    };
    get_policy_log: {
        parameters: {
            query?: {
                /** @description How many, newest; 20 where absent, at most 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyLog"];
                };
            };
        };
    };
    post_policy_prove: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyCheck"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProofReport"];
                };
            };
        };
    };
    post_policy_reload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyStatus"];
                };
            };
        };
    };
    post_policy_rollback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRollback"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyStatus"];
                };
            };
        };
    };
    get_policy_schema: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicySchema"];
                };
            };
        };
    };
    post_policy_test: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyCheck"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestReport"];
                };
            };
        };
    };
    post_policy_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Whatever the remote sends */
        requestBody: {
            content: {
                "text/plain": string;
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_prices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceList"];
                };
            };
        };
    };
    get_providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderList"];
                };
            };
        };
    };
    post_providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProvider"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderView"];
                };
            };
        };
    };
    delete_providers_by_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The provider's name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_requests: {
        parameters: {
            query?: {
                /** @description `callModel` or `callTool`. */
                action?: string;
                /** @description Of this agent, by its name. */
                agent?: string;
                /** @description Before this place in the audit chain: `next` of the answer before. */
                before?: number;
                /** @description By this API key, `key_...`, or this capability grant, `grt_...`. */
                credential?: string;
                /** @description From this day or instant on. */
                from?: string;
                /** @description With this label: `public`, `internal`, `sensitive` or `restricted`. */
                label?: string;
                /** @description How many; 100 where absent, at most 1000. */
                limit?: number;
                /** @description `ok`, or the code of an error. */
                outcome?: string;
                /** @description Answered by this provider. */
                provider?: string;
                /** @description To this model or tool. */
                resource?: string;
                /** @description Of this session, `ses_...`. */
                session?: string;
                /** @description Up to and without this day or instant. */
                to?: string;
                /** @description Of the agents that this person answers for. */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestList"];
                };
            };
        };
    };
    get_requests_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id, `req_...`, as in the answer's header */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestStory"];
                };
            };
        };
    };
    get_requests_live: {
        parameters: {
            query?: {
                /** @description `callModel` or `callTool`. */
                action?: string;
                /** @description Of this agent, by its name. */
                agent?: string;
                /** @description Before this place in the audit chain: `next` of the answer before. */
                before?: number;
                /** @description By this API key, `key_...`, or this capability grant, `grt_...`. */
                credential?: string;
                /** @description From this day or instant on. */
                from?: string;
                /** @description With this label: `public`, `internal`, `sensitive` or `restricted`. */
                label?: string;
                /** @description How many; 100 where absent, at most 1000. */
                limit?: number;
                /** @description `ok`, or the code of an error. */
                outcome?: string;
                /** @description Answered by this provider. */
                provider?: string;
                /** @description To this model or tool. */
                resource?: string;
                /** @description Of this session, `ses_...`. */
                session?: string;
                /** @description Up to and without this day or instant. */
                to?: string;
                /** @description Of the agents that this person answers for. */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    get_sessions: {
        parameters: {
            query?: {
                /** @description Also those that somebody has resolved. */
                all?: boolean;
                /** @description How many; 100 where absent, at most 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
        };
    };
    get_sessions_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id, `ses_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    post_sessions_by_id_endorse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id, `ses_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Endorsement"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    post_sessions_by_id_label: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session's id, `ses_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSessionLabel"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    get_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingList"];
                };
            };
        };
    };
    get_spend: {
        parameters: {
            query?: {
                /**
                 * @description `provider`, `model`, `agent`, `user` (who answers for the agent), `key`, `tenant` or `day`;
                 *     `model` where absent.
                 */
                by?: string;
                /**
                 * @description From this day (`2026-11-22`) or the hour of this instant (RFC 3339) on; the last 30 days where
                 *     absent.
                 */
                from?: string;
                /** @description Up to and without this day, or the hour after this instant; today included where absent. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendReport"];
                };
            };
        };
    };
    get_spend_series: {
        parameters: {
            query?: {
                /** @description `hour` or `day`, in UTC; where absent, hours for up to four days and days beyond. */
                bucket?: string;
                /** @description `provider`, `model`, `agent`, `user` (who answers for the agent), `key` or `tenant`; `provider` where absent. */
                by?: string;
                /** @description From this day or instant on; the last 30 days where absent. */
                from?: string;
                /** @description Up to and without this day or instant; today included where absent. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendSeries"];
                };
            };
        };
    };
    get_tasks: {
        parameters: {
            query?: {
                /** @description Only of this agent. */
                agent?: string;
                /** @description How many; 100 where absent, at most 1000. */
                limit?: number;
                /** @description Only of this session. */
                session?: string;
                /**
                 * @description Only those that stand there: `created`, `permitted`, `denied`, `queued`, `running`, `waiting`,
                 *     `completed`, `failed`, `cancelled` or `dead`.
                 */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskList"];
                };
            };
        };
    };
    get_tasks_by_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The task's id, `tsk_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
        };
    };
    post_tasks_by_id_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The task's id, `tsk_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewStop"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
        };
    };
    post_tasks_by_id_retry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The task's id, `tsk_...` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
        };
    };
    get_tools: {
        parameters: {
            query?: {
                /** @description Only those of this server. */
                server?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolList"];
                };
            };
        };
    };
    get_tools_by_server_by_tool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's name */
                server: string;
                /** @description The tool's own name, with `/` written as `%2F` */
                tool: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolDetail"];
                };
            };
        };
    };
    post_tools_by_server_by_tool_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's name */
                server: string;
                /** @description The tool's own name, with `/` written as `%2F` */
                tool: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDecision"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolDetail"];
                };
            };
        };
    };
    post_tools_by_server_by_tool_reject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's name */
                server: string;
                /** @description The tool's own name, with `/` written as `%2F` */
                tool: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDecision"];
            };
        };
        responses: {
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToolDetail"];
                };
            };
        };
    };
}
