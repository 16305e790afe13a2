// The last look before a change is in force: all faults with their lines, or the difference.
import { useEffect, useState } from 'preact/hooks';
import { Sheet } from '../shell/Sheet';
import { useWords } from '../words';
import { faultIn } from '../words/faults';
import { diff } from './diff';
import { applyConfig, type Checked, type Config, checkConfig, type Draft, type Fault } from './http';

interface Props {
  config: Config;
  draft: Draft;
  reload: () => Promise<void>;
  applied: (version: number) => void;
  close: () => void;
}

export function Review({ config, draft, reload, applied, close }: Props) {
  const say = useWords();
  const [checked, setChecked] = useState<Checked | null>(null);
  const [state, setState] = useState<'' | 'busy' | 'changed' | 'failed'>('');
  useEffect(() => {
    let gone = false;
    checkConfig(draft)
      .then((answer) => !gone && setChecked(answer))
      .catch(() => !gone && setState('failed'));
    return () => {
      gone = true;
    };
  }, [draft]);
  const lines = checked ? diff(config.yaml, checked.yaml) : [];
  const go = async () => {
    setState('busy');
    try {
      const answer = await applyConfig(draft, config.version);
      if (answer.state === 'applied') return applied(answer.version);
      if (answer.state === 'faults') {
        setChecked((had) => had && { ...had, ok: false, faults: answer.faults });
        return setState('');
      }
      await reload();
      setState('changed');
    } catch {
      setState('failed');
    }
  };
  const ready = checked?.ok === true && lines.length > 0 && state !== 'busy';
  return (
    <Sheet title={say('set.review')} close={close} testid="review-sheet" wide>
      {state === 'failed' && (
        <p class="fault" role="alert">
          {say('set.failed')}
        </p>
      )}
      {state === 'changed' && (
        <p class="told" role="alert" data-testid="config-changed">
          {say('set.conflict', { n: config.version })}
        </p>
      )}
      {!checked && state !== 'failed' && <p class="quiet">{say('loading')}</p>}
      {checked && checked.faults.length > 0 && <Faults faults={checked.faults} yaml={checked.yaml} />}
      {checked?.ok && lines.length === 0 && <p>{say('set.same')}</p>}
      {checked && lines.length > 0 && (
        <section class="diff" aria-label={say('set.diff')} tabIndex={0} data-testid="diff">
          {lines.map((line) => (
            <p key={`${line.kind}-${line.at}-${line.text}`} data-kind={line.kind}>
              <span class="diff-at">{line.at || ''}</span>
              <span class="diff-mark" aria-hidden="true">
                {line.kind === 'added' ? '+' : line.kind === 'removed' ? '−' : line.kind === 'gap' ? '⋯' : ''}
              </span>
              {line.kind === 'added' && <span class="hidden">{say('set.added')} </span>}
              {line.kind === 'removed' && <span class="hidden">{say('set.removed')} </span>}
              <code>{line.text}</code>
            </p>
          ))}
        </section>
      )}
      <div class="sheet-foot">
        <button type="button" class="button" onClick={close}>
          {say('cancel')}
        </button>
        <button type="button" class="button primary" disabled={!ready} onClick={go} data-testid="apply">
          {say(state === 'busy' ? 'wrap.busy' : 'set.apply')}
        </button>
      </div>
    </Sheet>
  );
}

/** All faults, each with its line; with `go`, a click leads there. */
export function Faults({ faults, yaml, go }: { faults: readonly Fault[]; yaml: string; go?: (fault: Fault) => void }) {
  const say = useWords();
  const lines = yaml.split('\n');
  return (
    <div class="faults" role="alert" data-testid="faults">
      <p>{say('set.faults', { n: faults.length })}</p>
      <ol>
        {faults.map((fault) => (
          <li key={`${fault.line}-${fault.column}-${fault.text}`}>
            {go ? (
              <button type="button" class="link-button" onClick={() => go(fault)}>
                {say('set.line', { n: fault.line })}
              </button>
            ) : (
              <strong>{say('set.line', { n: fault.line })}</strong>
            )}{' '}
            {faultIn(say.language, fault.text)}
            {lines[fault.line - 1] && <code>{lines[fault.line - 1]?.trim()}</code>}
          </li>
        ))}
      </ol>
    </div>
  );
}
