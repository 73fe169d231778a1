import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import type { Refused } from "../../api/refusal";

interface Register {
  /** Registers a provider, where it is new, and a model of it. */
  go: (provider: Schemas["NewProvider"] | null, model: Schemas["NewModel"], done?: () => void) => void;
  isBusy: boolean;
  error: Refused | null;
  /** The provider that was registered, also where its model was then refused. */
  made: Schemas["ProviderView"] | undefined;
}

/** A provider and its model as one step. What was done of it is not done again by a second try. */
export function useRegister(onModel: (id: string) => void): Register {
  const provider = useSend("post", "/api/v1/providers", ["/api/v1/overview", "/api/v1/providers"]);
  const model = useSend("post", "/api/v1/models", ["/api/v1/overview", "/api/v1/models"]);
  const [known, setKnown] = useState("");

  function addModel(body: Schemas["NewModel"], isReady: boolean, done?: () => void) {
    const onSuccess = ({ id }: Schemas["ModelView"]) => {
      if (isReady) onModel(id);
      done?.();
    };
    model.mutate({ body }, { onSuccess });
  }

  return {
    go(body, of, done) {
      model.reset();
      if (body === null || body.name === known) return addModel(of, provider.data?.ready ?? true, done);
      const onSuccess = ({ name, ready }: Schemas["ProviderView"]) => {
        setKnown(name);
        addModel(of, ready, done);
      };
      provider.mutate({ body }, { onSuccess });
    },
    isBusy: provider.isPending || model.isPending,
    error: provider.error ?? model.error,
    made: provider.data,
  };
}
