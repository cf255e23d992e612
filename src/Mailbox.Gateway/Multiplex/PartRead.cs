namespace Mailbox.Gateway;

/// <summary>What comes next in a multiplexed body: a whole part, or why there is none, or neither at the end.</summary>
/// <param name="Problem">The body breaks off or is malformed: nothing more can be read of it.</param>
readonly record struct PartRead(MultiplexPart? Part, Problem? Problem)
{
    public bool IsEnd => Part is null && Problem is null;
}
