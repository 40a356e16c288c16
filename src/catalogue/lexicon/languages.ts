import type { Category } from '../types.ts';

/** Verbs of one language. `lead`: where the verb of a sentence stands, first or last of those found. Stems match the beginning of a word, or anywhere in scripts without spaces. */
export interface Language {
  readonly code: string;
  readonly script: RegExp;
  readonly lead: 'first' | 'last';
  readonly spaced: boolean;
  readonly stems: Readonly<Record<Category, string>>;
}

export const CHINESE: Language = {
  code: 'zh',
  script: /\p{Script=Han}/u,
  lead: 'first',
  spaced: false,
  stems: {
    read: '规划 转换 搜 定位 测量 识别 推荐 提取 对比 预测 评估 估算 诊断 监控 枚举 展示 汇总 总结 抓取 爬取 解释 判断 校验 核对 测试 获取 查询 查看 列出 搜索 读取 检索 显示 返回 检查 统计 分析 计算 下载 导出 查找 浏览 预览 比较 获得 取得 验证 解析 翻译 生成图 截图 取得 獲取 查詢 讀取 搜尋 檢查 檢視',
    write: '生成 绑定 解绑 调整 登记 录入 合成 变更 加入 替换 追加 创建 新建 添加 更新 修改 编辑 设置 保存 上传 写入 复制 移动 重命名 归档 启用 禁用 标记 分配 评论 插入 导入 配置 关闭 恢复 建立 新增 修改 設定 儲存 上傳 更新 編輯',
    execute: '群发 转发 提醒 呼叫 播放 打开 关机 开机 控制 执行 运行 启动 停止 重启 部署 构建 触发 调用 发送 发布 推送 通知 邀请 点击 提交 安装 取消 终止任务 回复 合并 執行 啟動 發送 部署 觸發 重啟',
    destructive: '解散 作废 注销 抹掉 删掉 移出 删除 清空 销毁 移除 清除 抹除 撤销 终止 重置 卸载 覆盖 丢弃 刪除 銷毀 清空 重設',
    financial: '缴费 扣费 打赏 开仓 平仓 支付 付款 退款 转账 下单 购买 充值 提现 扣款 交易 买入 卖出 轉帳 下單 購買',
  },
};

export const JAPANESE: Language = {
  code: 'ja',
  script: /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
  lead: 'last',
  spaced: false,
  stems: {
    read: '取得 検索 一覧表示 表示 読み取 読み込 参照 確認 調べ 返し 返す 分析 計算 ダウンロード 一覧 照会 検証 比較',
    write: '作成 追加 更新 編集 変更 設定 保存 アップロード 書き込 コピー 移動 名前変更 アーカイブ 有効化 無効化 登録 割り当て 挿入 復元',
    execute: '実行 起動 開始 停止 再起動 デプロイ ビルド 呼び出 送信 送る 公開 通知 招待 クリック 投稿 インストール キャンセル 返信 マージ',
    destructive: '削除 消去 破棄 初期化 リセット 取り消 終了させ クリア 上書き 抹消 失効 アンインストール',
    financial: '支払 返金 送金 注文 購入 請求する 課金 決済 振込 売却 売買',
  },
};

export const KOREAN: Language = {
  code: 'ko',
  script: /\p{Script=Hangul}/u,
  lead: 'last',
  spaced: false,
  stems: {
    read: '조회 검색 가져 읽 표시 확인 목록 반환 분석 계산 다운로드 찾',
    write: '생성 추가 업데이트 수정 편집 변경 설정 저장 업로드 작성 복사 이동 보관 활성화 비활성화 등록 할당 만들',
    execute: '실행 시작 중지 재시작 배포 빌드 호출 전송 보내 보냅 게시 알림 초대 클릭 설치 취소 제출',
    destructive: '삭제 제거 초기화 파기 지우 지웁 폐기 해지 덮어 철회 비우 비웁',
    financial: '결제 환불 송금 주문 구매 이체 출금 매수 매도 지불',
  },
};

export const RUSSIAN: Language = {
  code: 'ru',
  script: /\p{Script=Cyrillic}/u,
  lead: 'first',
  spaced: true,
  stems: {
    read: 'получ получа возвращ верн показ покаж найти найд наход ищ искать поиск чита прочит прочес просмотр провер список перечисл сравн анализ вычисл скача',
    write: 'созда добав обнов измен редактир сохран загруж загруз запис копир перемещ перемест переимен архивир включ отключ назнач настро встав восстанов',
    execute: 'выполн запус запуск остан останов перезапу перезапус разверн разворач развёрт отправ публик опублик вызыв вызв нажим нажат нажм пригла установ собир уведом',
    destructive: 'удал стира стере очист очищ уничтож отзыв отозв отзов сброс сбрас заверша перезапис',
    financial: 'оплат оплач возврат перевест перевод заказ купи покуп прода спис',
  },
};

export const SPANISH: Language = {
  code: 'es',
  script: /\p{Script=Latin}/u,
  lead: 'first',
  spaced: true,
  stems: {
    read: 'obtien obten obtener lista listar busca buscar lee leer muestra mostrar consulta consultar devuelve devolver recupera recuperar verifica verificar comprueba analiza calcula descarga',
    write: 'crea crear añad agrega agregar actualiza actualizar modifica modificar edita editar guarda guardar sube subir escribe escribir copia copiar mueve mover renombra archiva activa desactiva asigna configura establece inserta',
    execute: 'ejecuta ejecutar inicia iniciar detien detener reinicia reiniciar despliega desplegar envía envia enviar publica publicar invoca llama notifica invita instala lanza lanzar',
    destructive: 'elimina eliminar borra borrar suprime suprimir destruye destruir vacía vaciar restablece revoca revocar sobrescribe purga termina',
    financial: 'paga pagar cobra cobrar reembolsa reembolsar transfiere transferir compra comprar vende vender',
  },
};

export const FRENCH: Language = {
  code: 'fr',
  script: /\p{Script=Latin}/u,
  lead: 'first',
  spaced: true,
  stems: {
    read: 'obtient obtenir récupère récupérer recupere recuperer affiche afficher recherche rechercher lit lire liste lister consulte renvoie retourne vérifie vérifier analyse télécharge',
    write: 'crée créer cree creer ajoute ajouter modifie modifier enregistre enregistrer téléverse écrit écrire ecrire copie copier déplace déplacer renomme renommer archive active désactive attribue configure met',
    execute: 'exécute exécuter execute executer lance lancer démarre démarrer demarrer arrête arrêter arreter redémarre déploie déployer deployer envoie envoyer publie publier appelle invite installe',
    destructive: 'supprime supprimer efface effacer détruit détruire detruire vide vider réinitialise révoque révoquer revoquer écrase purge',
    financial: 'paie payer facture rembourse rembourser transfère transférer achète acheter acheter vend vendre débite',
  },
};

export const GERMAN: Language = {
  code: 'de',
  script: /\p{Script=Latin}/u,
  lead: 'first',
  spaced: true,
  stems: {
    read: 'liest lesen holt holen abrufen ruft listet auflisten zeigt anzeigen sucht suchen findet finden prüft prüfen pruefen vergleicht berechnet liefert gibt',
    write: 'erstellt erstellen anlegen legt hinzufügen fügt hinzufuegen aktualisiert aktualisieren ändert ändern aendern bearbeitet bearbeiten speichert speichern schreibt schreiben kopiert kopieren verschiebt verschieben umbenennen archiviert aktiviert deaktiviert setzt setzen',
    execute: 'führt ausführen ausfuehren startet starten stoppt stoppen sendet senden verschickt verschicken veröffentlicht veröffentlichen benachrichtigt bereitstellen einladen installiert neustarten',
    destructive: 'löscht löschen loeschen loescht entfernt entfernen vernichtet leert leeren widerruft widerrufen überschreibt überschreiben zurücksetzen beendet beenden',
    financial: 'bezahlt bezahlen zahlt zahlen überweist überweisen ueberweisen erstattet erstatten kauft kaufen verkauft verkaufen bestellt bestellen belastet',
  },
};

export const PORTUGUESE: Language = {
  code: 'pt',
  script: /\p{Script=Latin}/u,
  lead: 'first',
  spaced: true,
  stems: {
    read: 'obtém obtem obter lista listar busca buscar pesquisa pesquisar lê ler mostra mostrar consulta consultar retorna retornar verifica recupera',
    write: 'cria criar adiciona adicionar atualiza atualizar altera alterar edita editar salva salvar escreve escrever copia move mover renomeia arquiva ativa desativa atribui',
    execute: 'executa executar inicia iniciar para parar reinicia implanta implantar envia enviar publica publicar chama notifica convida instala dispara disparar',
    destructive: 'exclui excluir apaga apagar deleta deletar remove remover destrói destruir limpa limpar redefine revoga revogar sobrescreve',
    financial: 'paga pagar cobra cobrar reembolsa reembolsar transfere transferir compra comprar vende vender',
  },
};

/** Japanese before Chinese: both use Han characters, only one has kana. */
export const LANGUAGES: readonly Language[] = [JAPANESE, KOREAN, CHINESE, RUSSIAN, GERMAN, FRENCH, SPANISH, PORTUGUESE];
