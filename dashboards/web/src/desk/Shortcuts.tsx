import { Sheet } from '../shell/Sheet';
import { useWords, type Word } from '../words';

const groups: [Word, [Word, string[]][]][] = [
  [
    'keys.offers',
    [
      ['keys.accept', ['Alt', 'A']],
      ['keys.decline', ['Alt', 'X']],
      ['keys.status', ['Alt', 'S']],
    ],
  ],
  [
    'keys.chats',
    [
      ['keys.next', ['Alt', '↓']],
      ['keys.previous', ['Alt', '↑']],
      ['keys.nth', ['Alt', '1 … 9']],
      ['keys.column', ['Alt', 'O']],
      ['keys.columns', ['Alt', 'C']],
      ['keys.transfer', ['Alt', 'T']],
      ['keys.end', ['Alt', 'Q']],
    ],
  ],
  [
    'keys.writing',
    [
      ['keys.write', ['Alt', 'W']],
      ['keys.send', ['Enter']],
      ['keys.line', ['Shift', 'Enter']],
      ['keys.replies', ['/']],
      ['keys.replies', ['Alt', 'R']],
      ['keys.hole', ['Tab']],
      ['keys.note', ['Alt', 'N']],
      ['keys.attach', ['Alt', 'U']],
    ],
  ],
  [
    'keys.more',
    [
      ['keys.profile', ['Alt', 'P']],
      ['keys.page', ['Alt', 'G']],
      ['keys.help', ['?']],
      ['keys.help', ['Alt', '/']],
    ],
  ],
];

export function Shortcuts({ close }: { close: () => void }) {
  const say = useWords();
  return (
    <Sheet title={say('keys.title')} close={close} testid="shortcuts" wide>
      <div class="key-groups">
        {groups.map(([title, rows]) => (
          <section key={title}>
            <h3>{say(title)}</h3>
            <dl>
              {rows.map(([word, keys]) => (
                <div key={keys.join()}>
                  <dt>{say(word)}</dt>
                  <dd>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
