// Keeps the screen on while a meeting is shown.

/** Asks for a wake lock, again whenever the page comes back; returns the end of it. Browsers without one do nothing. */
export function awake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let over = false;
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== 'visible' || over) return;
    lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
    if (over) void lock?.release();
  };
  const asked = (): void => void ask();
  document.addEventListener('visibilitychange', asked);
  asked();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', asked);
    void lock?.release();
  };
}
