// Checks answers as the door will, so that most mistakes are told at once.
import type { Question } from './door';
import type { ChatWord, ChatWords } from './words';

export function faultOfAnswer(question: Question, answer: string): ChatWord | '' {
  const value = answer.trim();
  if (value === '') return question.required ? 'needed' : '';
  if ([...value].length > 500) return 'tooLong';
  if (question.kind === 'email') return /^[^\s<>,;"@]+@[^\s<>,;"@.]+(\.[^\s<>,;"@.]+)+$/.test(value) ? '' : 'noEmail';
  if (question.kind === 'phone') {
    const digits = value.replace(/\D/g, '').length;
    return /^\+?[\d\s.()/-]+$/.test(value) && digits >= 5 && digits <= 20 ? '' : 'noPhone';
  }
  return question.kind === 'choice' && !question.choices.includes(value) ? 'needed' : '';
}

/** The answers that are not empty. */
export function answersOf(form: readonly Question[], answers: Readonly<Record<string, string>>): Record<string, string> {
  const given = form.map((q) => [q.name, (answers[q.name] ?? '').trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

const own: Readonly<Record<string, ChatWord>> = { name: 'nameField', email: 'emailField', phone: 'phoneField' };

export function labelOf(question: Question, words: ChatWords): string {
  const word = own[question.name];
  return question.label || (word ? words[word] : question.name);
}
