namespace Mailbox.Proof.Load;

/// <summary>The pauses of a backend between attempts at one deed: doubling, with jitter, and never shorter than the server asked for.</summary>
sealed class Pauses
{
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    TimeSpan _next = TimeSpan.FromMilliseconds(150);

    public TimeSpan Next(TimeSpan asked)
    {
        var own = _next;
        _next = own * 2 < s_longest ? own * 2 : s_longest;
        // Those that were refused together are not to come back together.
        return (own > asked ? own : asked) + own * (Random.Shared.NextDouble() / 2);
    }
}
