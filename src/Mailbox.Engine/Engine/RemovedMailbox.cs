namespace Mailbox.Engine;

/// <summary>A mailbox that a batch removes, and what its readers are told once that is stored.</summary>
readonly record struct RemovedMailbox(LiveMailbox Mailbox, Ending Ending);
