namespace Mailbox.Browser.Tests.Client;

/// <summary>What a hostile network does to one connection. All but those that are passed are cut in the end.</summary>
enum Fate
{
    Passed,

    /// <summary>Broken off after some bytes of the answers.</summary>
    Cut,

    /// <summary>After some bytes nothing comes any more, and nobody says so.</summary>
    HalfOpen,

    /// <summary>After some bytes nothing comes for a second.</summary>
    Stalled,

    /// <summary>A proxy that passes nothing on before it has all of an answer, or 64 KiB.</summary>
    Buffered,

    /// <summary>A proxy whose server is away, it says.</summary>
    BadGateway,

    /// <summary>A few bytes at a time.</summary>
    Slow,
}
