/** The conversions that chat templates use, in English and UTC whatever the machine's settings. */
export function strftime(date: Date, format: string): string {
  const months = 'January February March April May June July August September October November December'.split(' ');
  const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
  const two = (value: number) => String(value).padStart(2, '0');
  const month = months[date.getUTCMonth()]!;
  const weekday = weekdays[date.getUTCDay()]!;
  const conversions: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    B: month,
    b: month.slice(0, 3),
    A: weekday,
    a: weekday.slice(0, 3),
    H: two(date.getUTCHours()),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    '%': '%',
  };
  return format.replace(/%(.)/g, (whole, letter: string) => conversions[letter] ?? whole);
}
