"""Portuguese words of requests, by the English word that they stand for. Data, no decisions.

Forms that are as often English words ("grave", "reserve", "venda") or a preposition ("para") are
left out: then an operator is asked.
"""

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _by_form(rows: Mapping[str, str]) -> dict[str, str]:
    return {form: verb for verb, forms in rows.items() for form in forms.split()}


# Infinitives and the forms in which one is asked: "enviar", "envie".
VERB_FORMS: Final = _by_form(
    {
        "send": "enviar envie envia mandar mande manda remeter remeta",
        "reply": "responder responda",
        "forward": "encaminhar encaminhe encaminha",
        "notify": "notificar notifique avisar avise avisa",
        "inform": "informar informe informa",
        "tell": "dizer diga",
        "post": "postar poste posta",
        "publish": "publicar publique publica",
        "comment": "comentar comente comenta",
        "call": "ligar ligue",
        "remind": "lembrar lembre",
        "ask": "perguntar pergunte pedir peça",
        "thank": "agradecer agradeça",
        "pay": "pagar pague paga",
        "transfer": "transferir transfira transfere",
        "refund": "reembolsar reembolse estornar estorne",
        "buy": "comprar compre compra",
        "deposit": "depositar deposite",
        "donate": "doar",
        "split": "dividir divida",
        "reserve": "reservar",
        "schedule": "agendar agende marcar marque",
        "hire": "contratar contrate",
        "order": "encomendar encomende",
        "delete": "apagar apague apaga excluir exclua exclui deletar",
        "remove": "remover remova",
        "cancel": "cancelar cancele cancela",
        "clear": "limpar limpe limpa",
        "terminate": "encerrar encerre",
        "revoke": "revogar revogue",
        "uninstall": "desinstalar desinstale",
        "block": "bloquear bloqueie",
        "reject": "rejeitar rejeite",
        "invite": "convidar convide convida",
        "add": "adicionar adicione adiciona acrescentar acrescente",
        "include": "incluir inclua inclui",
        "share": "compartilhar compartilhe compartilha partilhar partilhe",
        "grant": "conceder conceda",
        "authorize": "autorizar autorize",
        "move": "mover mova",
        "reschedule": "remarcar remarque reagendar reagende",
        "postpone": "adiar adie",
        "rename": "renomear renomeie",
        "update": "atualizar atualize atualiza",
        "change": "alterar altere altera mudar mude muda trocar troque",
        "edit": "editar edite",
        "modify": "modificar modifique",
        "set": "definir defina",
        "replace": "substituir substitua",
        "configure": "configurar",
        "assign": "atribuir atribua",
        "enable": "ativar ative",
        "disable": "desativar desative",
        "fix": "corrigir corrija corrige consertar conserte",
        "apply": "aplicar aplique",
        "merge": "mesclar mescle",
        "close": "fechar feche fecha",
        "reopen": "reabrir reabra",
        "resolve": "resolver resolva",
        "complete": "concluir conclua completar",
        "archive": "arquivar arquive",
        "approve": "aprovar aprove",
        "increase": "aumentar aumente",
        "decrease": "diminuir diminua reduzir reduza",
        "refactor": "refatorar refatore",
        "improve": "melhorar melhore",
        "run": "rodar rode",
        "execute": "executar",
        "start": "iniciar inicie",
        "stop": "parar pare",
        "restart": "reiniciar reinicie",
        "deploy": "implantar implante",
        "install": "instalar instale instala",
        "test": "testar",
        "create": "criar crie cria",
        "make": "fazer faça",
        "generate": "gerar gere gera",
        "build": "construir construa",
        "open": "abrir abra abre",
        "write": "escrever escreva escreve redigir redija",
        "save": "salvar salve salva guardar guarde",
        "upload": "subir suba carregar carregue",
        "copy": "copiar copie",
        "import": "importar importe",
        "export": "exportar exporte",
        "implement": "implementar implemente",
        "prepare": "preparar",
        "organize": "organizar",
        "register": "registrar registre cadastrar cadastre",
        "plan": "planejar planeje",
        "note": "anotar anote",
        "attach": "anexar anexe",
        "visit": "visitar visite",
        "read": "ler leia",
        "fetch": "buscar busque",
        "download": "baixar baixe",
        "check": "verificar verifique conferir confira",
        "see": "ver veja",
        "look": "olhar olhe",
    }
)
TELLING_FORMS: Final = _words(
    "envia manda encaminha avisa informa posta publica comenta paga transfere compra apaga exclui "
    "cancela limpa convida adiciona inclui compartilha atualiza altera muda corrige fecha instala "
    "cria gera abre escreve salva rode pare"
)
"""Forms that as often tell what somebody does, or are English words: they count only where a
request would begin.
"""

COUNTS_PT: Final = "dois/duas três/tres quatro cinco seis sete oito nove dez onze doze"
LEADS: Final = _words("favor e também tambem depois então entao agora")
REFUSALS: Final = _words("não nao nunca jamais sem evite")
OBJECT_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "money": _words(
        "dinheiro pagamento transação transacao transferência transferencia fatura boleto pix "
        "reembolso assinatura salário salario aluguel dívida preço valor reais brl"
    ),
    "credential": _words("senha credencial segredo"),
    "message": _words("mensagem mensagens"),
    "event": _words(
        "evento reunião reuniões reuniao reunioes compromisso agenda calendário calendario "
        "lembrete almoço jantar chamada sessão consulta entrevista"
    ),
    "file": _words(
        "arquivo documento pasta planilha relatório relatorio lista anotações ata carta anexo"
    ),
}
HINT_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "people": _words(
        "usuário usuários usuario usuarios pessoa pessoas todos equipe cliente clientes "
        "participantes convidados colega colegas"
    ),
    "place": _words("canal canais grupo sala"),
    "thing": _words(
        "arquivo arquivos documento documentos pasta lista evento reunião reuniao mensagem "
        "relatório relatorio planilha"
    ),
}
