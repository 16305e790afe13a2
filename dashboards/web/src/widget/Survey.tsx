import { useState } from 'preact/hooks';
import type { ChatClient } from './client';
import { Star } from './icons';
import type { ChatWords } from './words';

const scores = [1, 2, 3, 4, 5] as const;

/** Asks for a rating after the chat: five radio buttons, so arrows and screen readers work as everywhere. */
export function Survey({ client, words, done }: { client: ChatClient; words: ChatWords; done(): void }) {
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState('');
  const [missing, setMissing] = useState(false);
  return (
    <form
      class="survey"
      data-testid="tw-survey"
      onSubmit={(event) => {
        event.preventDefault();
        if (score === 0) return setMissing(true);
        client.rate(score, comment);
        done();
      }}
    >
      <fieldset>
        <legend>{words.survey}</legend>
        <div class="scores">
          {scores.map((n) => (
            <label key={n} class={n <= score ? 'score on' : 'score'} title={words[`score${n}`]}>
              <input
                type="radio"
                name="score"
                value={n}
                checked={score === n}
                aria-label={`${n}: ${words[`score${n}`]}`}
                onChange={() => {
                  setScore(n);
                  setMissing(false);
                }}
                data-testid="tw-score"
              />
              <Star />
            </label>
          ))}
        </div>
        <p class="quiet" aria-hidden="true">
          {score > 0 && words[`score${score as (typeof scores)[number]}`]}
        </p>
      </fieldset>
      {missing && (
        <p class="bad" role="alert">
          {words.surveyPick}
        </p>
      )}
      {score > 0 && (
        <textarea
          rows={2}
          maxLength={1_000}
          value={comment}
          placeholder={words.comment}
          aria-label={words.comment}
          onInput={(event) => setComment(event.currentTarget.value)}
          data-testid="tw-comment"
        />
      )}
      <div class="buttons">
        <button type="button" class="small" onClick={() => client.rate(0, '')}>
          {words.surveyNo}
        </button>
        <button type="submit" class="small strong" data-testid="tw-survey-go">
          {words.surveyGo}
        </button>
      </div>
    </form>
  );
}
