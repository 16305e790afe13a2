// Makes an offer noticed: sound (allowed by browsers after the first click), a desktop notification, the title of the page.
// None of them carries anything about the customer.

let audio: AudioContext | null = null;

/** Call once: the first click or key makes sound possible. */
export function armSound(): () => void {
  const arm = () => {
    audio ??= new AudioContext();
    void audio.resume();
    disarm();
  };
  const disarm = () => {
    removeEventListener('pointerdown', arm);
    removeEventListener('keydown', arm);
  };
  addEventListener('pointerdown', arm);
  addEventListener('keydown', arm);
  return disarm;
}

function tone(frequency: number, from: number, length: number, loud: number): void {
  if (audio?.state !== 'running') return;
  const start = audio.currentTime + from;
  const wave = audio.createOscillator();
  const gain = audio.createGain();
  wave.frequency.value = frequency;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(loud, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + length);
  wave.connect(gain).connect(audio.destination);
  wave.start(start);
  wave.stop(start + length);
}

/** Rings until stopped. */
export function ring(): () => void {
  const once = () => {
    tone(660, 0, 0.35, 0.14);
    tone(880, 0.18, 0.5, 0.14);
  };
  once();
  const timer = setInterval(once, 2_500);
  return () => clearInterval(timer);
}

export function tick(): void {
  tone(520, 0, 0.18, 0.06);
}

export function notify(text: string, tag: string): () => void {
  if (!('Notification' in window) || Notification.permission !== 'granted' || document.visibilityState === 'visible')
    return () => {};
  try {
    const shown = new Notification('Tributary', { body: text, tag, icon: '/icon.svg' });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    return () => shown.close();
  } catch {
    // Some phones know notifications only through a service worker.
    return () => {};
  }
}
