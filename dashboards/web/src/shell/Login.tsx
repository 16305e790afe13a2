import { useState } from 'preact/hooks';
import { keep, kept } from '../wire/kept';
import { useWords, type Word } from '../words';
import { Field, Gate } from './Gate';
import { login, type Me, Refused } from './http';

const tenantName = 'tributary.tenant';
/** The tenant of an installation that has only one. */
const firstTenant = 'main';

function wrong(error: unknown): { word: Word; code: string } {
  if (!(error instanceof Refused)) return { word: 'login.other', code: 'page' };
  const code = error.code || String(error.status);
  if (error.status === 0) return { word: 'login.network', code };
  if (error.status === 401 || error.status === 403) return { word: 'login.wrong', code };
  if (error.status === 429) return { word: 'login.many', code };
  return { word: 'login.other', code };
}

export function Login({ entered, by, lead }: { entered: (me: Me) => void; by: string; lead: string }) {
  const say = useWords();
  const asked = new URLSearchParams(location.search);
  const [tenant, setTenant] = useState(asked.get('tenant') ?? (kept(tenantName) || firstTenant));
  const [name, setName] = useState(asked.get('login') ?? '');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ word: Word; code: string } | null>(null);

  const go = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      const me = await login(tenant.trim(), name.trim(), password);
      keep(tenantName, tenant.trim());
      entered(me);
    } catch (error) {
      setFault(wrong(error));
      setBusy(false);
    }
  };

  return (
    <Gate title={say('login.title')} lead={lead}>
      {by && (
        <p class="told" role="status" data-testid="logged-out">
          {say('login.forced', { name: by })}
        </p>
      )}
      <form data-testid="login-form" onSubmit={go}>
        <Field
          label={say('login.tenant')}
          name="tenant"
          value={tenant}
          change={setTenant}
          autocomplete="organization"
          first={!tenant}
        />
        <Field
          label={say('login.name')}
          name="login"
          value={name}
          change={setName}
          autocomplete="username"
          first={!!tenant && !name}
        />
        <Field
          label={say('login.password')}
          name="password"
          type="password"
          value={password}
          change={setPassword}
          autocomplete="current-password"
          first={!!tenant && !!name}
        />
        <p class="fault" role="alert">
          {fault && say(fault.word, { code: fault.code })}
        </p>
        <button type="submit" class="button primary wide" disabled={busy} data-testid="login-go">
          {say(busy ? 'login.busy' : 'login.go')}
        </button>
      </form>
    </Gate>
  );
}
