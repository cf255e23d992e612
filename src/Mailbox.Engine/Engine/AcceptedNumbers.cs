namespace Mailbox.Engine;

/// <summary>
/// Which numbers of one client were accepted: the highest, and each of the <see cref="Width"/> up to it by a bit, so that requests of a
/// client which overtake each other are all accepted, once. What is further behind counts as accepted.
/// </summary>
/// <param name="Bits">The lowest is the highest number's.</param>
readonly record struct AcceptedNumbers(long Highest, ulong Bits)
{
    public const int Width = 64;

    public bool Has(long number) => number <= Highest && (Highest - number >= Width || (Bits >> (int)(Highest - number) & 1) != 0);

    public AcceptedNumbers With(long number)
    {
        var ahead = number - Highest;
        if (ahead <= 0) return this with { Bits = Bits | 1UL << (int)-ahead };
        return new(number, ahead >= Width ? 1 : Bits << (int)ahead | 1);
    }
}
