namespace Mailbox.Proof.Load;

/// <summary>How an attempt at a deed ended.</summary>
enum AttemptEnd
{
    /// <summary>Nothing was heard: it may have been done, or be done later.</summary>
    Unknown,
    Answered,

    /// <summary>It would be refused again.</summary>
    Refused,

    /// <summary>It was surely not done.</summary>
    Undone,
}
