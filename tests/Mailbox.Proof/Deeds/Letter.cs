namespace Mailbox.Proof.Deeds;

/// <summary>The body of a letter follows from its identity, so that a body of another letter, or half a body, is noticed.</summary>
static class Letter
{
    const int MostFiller = 300;

    public static string Body(string id) => $"{id} {Filler(id)}";

    /// <returns>The identity, or null if this is no letter's body.</returns>
    public static string? IdOf(string body)
    {
        var id = body.Split(' ', 2)[0];
        return Body(id) == body ? id : null;
    }

    static string Filler(string id)
    {
        var sum = 0;
        foreach (var letter in id) sum = (sum * 31 + letter) & 0xFFFFFF;
        return new((char)('a' + sum % 26), sum % MostFiller);
    }
}
