namespace Mailbox.Proof.Reading;

/// <summary>Numbers that a reader was told it will not get: after <paramref name="From"/>, up to <paramref name="To"/>.</summary>
readonly record struct Gap(Position From, Position To, string Reason, TimeSpan At)
{
    public bool Covers(Position position) =>
        position.Epoch == To.Epoch && position.Sequence <= To.Sequence && (From.Epoch != To.Epoch || position.Sequence > From.Sequence);
}
