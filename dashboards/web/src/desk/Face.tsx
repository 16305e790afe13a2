// How a customer is told from another: by name or pseudonym, and by a disc.
import type { Say } from '../words';

/** A customer without a name is known by a pseudonym: its end tells two apart. */
export function customerName(say: Say, customer: string, name = ''): string {
  if (name) return name;
  return customer ? say('customer.n', { id: customer.slice(-5).toUpperCase() }) : say('customer');
}

/** A quiet coloured disc, the same for the same customer, so that eyes find a chat again. */
export function Face({ customer }: { customer: string }) {
  let hue = 0;
  for (const letter of customer) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 6;
  return (
    <span class="face" data-hue={hue} aria-hidden="true">
      {customer.slice(-2).toUpperCase()}
    </span>
  );
}
