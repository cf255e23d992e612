namespace Mailbox.Storage;

/// <summary>What came of beginning a send.</summary>
/// <param name="Send">Null where it was answered before, or its key was used with another request.</param>
/// <param name="Answer">The answer of the first, or <see cref="Outcome.KeyReused"/>, where <paramref name="Send"/> is null.</param>
/// <param name="Members">Who is to get it.</param>
public readonly record struct BegunSend(OpenSend? Send, SendResult Answer, IReadOnlyList<SendMember> Members);
