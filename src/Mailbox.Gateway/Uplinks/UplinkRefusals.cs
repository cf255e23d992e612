namespace Mailbox.Gateway;

/// <summary>Why what a client says to the backend is not accepted, on every way that it can say it.</summary>
static class UplinkRefusals
{
    const int RetrySeconds = 5;

    /// <summary>Nothing was recorded, and nobody has heard of it, or it is not known.</summary>
    public static Problem Down { get; } =
        new(ProblemKinds.BackendDown, "The backend did not answer; nothing was recorded. Repeat it with the same Idempotency-Key.", RetrySeconds);

    static Problem NoBackend { get; } = new(ProblemKinds.NoBackend, "Nobody takes what clients say.");

    static Problem Busy { get; } = new(ProblemKinds.Overloaded, "Too much waits for those who take what clients say.", RetrySeconds);

    /// <returns>Null where it is none.</returns>
    public static Problem? Of(Outcome outcome) => outcome switch
    {
        Outcome.NotFound => NoBackend,
        Outcome.MailboxFull => Busy,
        _ => Problem.Of(outcome),
    };
}
