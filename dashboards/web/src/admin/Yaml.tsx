// The whole file as text, with faults at their lines.
import { useRef, useState } from 'preact/hooks';
import { useWords } from '../words';
import { type Config, checkConfig, type Fault } from './http';
import { Faults } from './Review';

interface Props {
  config: Config;
  readOnly: boolean;
  review: (yaml: string) => void;
}

export function Yaml({ config, readOnly, review }: Props) {
  const say = useWords();
  const [words, setWords] = useState(config.yaml);
  const [faults, setFaults] = useState<readonly Fault[] | null>(null);
  const [failed, setFailed] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  const lines = words.split('\n');
  const bad = new Set(faults?.map((fault) => fault.line));

  const check = async () => {
    setFailed(false);
    try {
      const answer = await checkConfig({ yaml: words });
      setFaults(answer.faults);
      return answer.ok;
    } catch {
      setFailed(true);
      return false;
    }
  };
  const lead = async () => {
    if (await check()) review(words);
  };
  const go = (fault: Fault) => {
    const node = box.current;
    if (!node) return;
    const from = lines.slice(0, fault.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    node.focus();
    node.setSelectionRange(from + Math.max(0, fault.column - 1), from + (lines[fault.line - 1]?.length ?? 0));
    node.scrollTop = Math.max(0, (fault.line - 6) * 20);
  };
  return (
    <>
      <header class="set-head">
        <h1>{say('set.yaml')}</h1>
        <span class="quiet">{say('set.version', { n: config.version })}</span>
        <span class="grow" />
        {!readOnly && (
          <>
            <button type="button" class="button" onClick={check} data-testid="yaml-check">
              {say('set.check')}
            </button>
            <button
              type="button"
              class="button primary"
              disabled={words === config.yaml}
              onClick={lead}
              data-testid="yaml-review"
            >
              {say('set.review')}
            </button>
          </>
        )}
      </header>
      {failed && (
        <p class="fault" role="alert">
          {say('set.failed')}
        </p>
      )}
      {faults && faults.length > 0 && <Faults faults={faults} yaml={words} go={go} />}
      {faults?.length === 0 && (
        <p class="told good" role="status">
          {say('set.fine')}
        </p>
      )}
      <div class="yaml">
        <pre ref={gutter} class="yaml-lines" aria-hidden="true">
          {lines.map((_, i) => (
            <span key={String(i)} data-bad={bad.has(i + 1)}>
              {i + 1}
              {'\n'}
            </span>
          ))}
        </pre>
        <textarea
          ref={box}
          value={words}
          readOnly={readOnly}
          spellcheck={false}
          wrap="off"
          aria-label={say('set.yaml')}
          aria-invalid={bad.size > 0}
          data-testid="yaml"
          onInput={(event) => setWords(event.currentTarget.value)}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
    </>
  );
}
