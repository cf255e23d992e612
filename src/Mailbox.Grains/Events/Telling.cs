using System.Text.Json;

namespace Mailbox.Grains;

/// <summary>One kind of what the grid tells: where it is sent, and how it is read.</summary>
/// <param name="Namespace">Of its streams.</param>
/// <param name="Group">Whose members are told.</param>
/// <param name="MailboxOf">A subscriber's.</param>
/// <param name="Bounds">Of a subscriber's mailbox.</param>
/// <param name="Parse">What a letter tells; throws where it is none.</param>
sealed record Telling<T>(string Namespace, GroupName Group, Func<string, MailboxName> MailboxOf, MailboxOptionsChange Bounds, Func<Message, IEnumerable<T>> Parse)
{
    /// <returns>Nothing where somebody put something else there.</returns>
    public IReadOnlyList<T> Read(Message letter)
    {
        try
        {
            return [.. Parse(letter)];
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return [];
        }
    }
}
