namespace Mailbox;

/// <summary>The outcomes of a <see cref="PostRequest"/>, in the order of its targets.</summary>
/// <param name="To">One for each of <see cref="PostRequest.To"/>; one that is excepted answers <see cref="Outcome.Excepted"/>.</param>
/// <param name="Groups">One for each of <see cref="PostRequest.Groups"/>; a mailbox that two targets reach counts in both.</param>
public sealed record PostResult(IReadOnlyList<DeliverResult> To, IReadOnlyList<SendResult> Groups);
