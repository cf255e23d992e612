namespace Mailbox.Proof.Faults;

/// <summary>Something that goes wrong, and is well again when the strike has ended.</summary>
interface IFault
{
    string Kind { get; }

    /// <returns>What was struck, for the script that is printed.</returns>
    Task<string> StrikeAsync(Random random, CancellationToken cancel);
}
