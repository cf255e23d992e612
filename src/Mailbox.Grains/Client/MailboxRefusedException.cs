namespace Mailbox.Grains;

/// <summary>The request was refused and would be again, for example because the mailbox is full or the body too large.</summary>
public sealed class MailboxRefusedException : MailboxGridException
{
    internal MailboxRefusedException(Outcome outcome, string target) : base(outcome, $"{target}: {Reason(outcome)}")
    {
    }

    internal static bool Covers(Outcome outcome) => outcome is Outcome.MailboxFull or Outcome.TooLarge or Outcome.KeyReused or Outcome.NotFound or Outcome.NotKept;

    static string Reason(Outcome outcome) => outcome switch
    {
        Outcome.MailboxFull => "the mailbox is full and its policy is to reject.",
        Outcome.TooLarge => "the body is larger than the grid or the mailbox allows.",
        Outcome.KeyReused => "the idempotency key was used with another request.",
        Outcome.NotKept => "the store cannot keep a message at this level.",
        _ => "it does not exist.",
    };
}
