namespace Mailbox.Gateway;

/// <summary>One letter of a request that carries many: what became of it, in the order of the request.</summary>
/// <param name="Post">Null where it was not valid.</param>
/// <param name="Problem">Not null where it was not valid.</param>
readonly record struct Letter(PostRequest? Post, PostResult? Result, Problem? Problem)
{
    public void WriteTo(System.Text.Json.Utf8JsonWriter json)
    {
        if (Problem is null)
        {
            AnswerJson.WritePosted(json, Post!, Result!);
            return;
        }
        json.WriteStartObject();
        AnswerJson.WriteProblem(json, Problem);
        json.WriteEndObject();
    }
}
