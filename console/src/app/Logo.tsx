/** The mark of the project; the name stands beside it in words. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M8 21.5 16 26l8-4.5M8 16l8 4.5L24 16M16 6l8 4.5L16 15l-8-4.5z" />
    </svg>
  );
}
