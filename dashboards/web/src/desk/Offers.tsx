// The offers that ring, on every page and over every dialog: an offer does not wait until somebody has finished something else.
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { stayInReach } from '../shell/modal';
import { useStore } from '../wire/store';
import type { DeskClient } from './client';
import { OfferCard } from './OfferCard';
import { ringing } from './state';

/** Shows them in a place of their own, which moves with the dialogs and so cannot be a part of the page's tree. */
export function useOffers(client: DeskClient): void {
  useEffect(() => {
    const place = document.createElement('div');
    place.className = 'offers';
    place.setAttribute('aria-live', 'assertive');
    render(<Offers client={client} />, place);
    const leave = stayInReach(place);
    return () => {
      leave();
      render(null, place);
    };
  }, [client]);
}

function Offers({ client }: { client: DeskClient }) {
  const desk = useStore(client.desk);
  const box = useStore(client.box);
  return (
    <>
      {ringing(desk).map((offer) => (
        <OfferCard key={offer.id} offer={offer} client={client} desk={desk} box={box} />
      ))}
    </>
  );
}
